/** What twins remember, over HTTP: one's own twins, for their owner; those of others, as far as it is about oneself. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { type Api, body, http } from "./http";
import { queries } from "./queries";
import { Refused } from "./session";

export type Memory = Api["Memory"];
export type MemoryOfMe = Api["MemoryOfMe"];
export type WrittenMemory = Api["WrittenMemory"];
export type MemoryPatch = Api["MemoryPatch"];
export type ReplyOrigin = Api["ReplyOrigin"];
export type Recap = Api["Recap"];

/** What a twin remembers, of everybody or of one person, newest first. */
export const memoriesQuery = (twin: string, about?: string) =>
  infiniteQueryOptions({
    queryKey: ["memories", twin, "list", about ?? "everybody"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: before }) => {
      const query = { ...(about === undefined ? {} : { about }), ...(before === undefined ? {} : { before }) };
      return body(http.GET("/api/v1/twins/{twin}/memories", { params: { path: { twin }, query } }));
    },
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const memoryQuery = (twin: string, memory: string) =>
  queryOptions({
    queryKey: ["memories", twin, "one", memory],
    queryFn: (): Promise<Memory> =>
      body(http.GET("/api/v1/twins/{twin}/memories/{memory}", { params: { path: { twin, memory } } })),
  });

/** What a twin keeps of long conversations, those summed up last first. */
export const recapsQuery = (twin: string) =>
  infiniteQueryOptions({
    queryKey: ["memories", twin, "recaps"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: before }) => {
      const query = before === undefined ? {} : { before };
      return body(http.GET("/api/v1/twins/{twin}/recaps", { params: { path: { twin }, query } }));
    },
    getNextPageParam: (page) => page.next ?? undefined,
  });

/** What twins of others remember of oneself, newest first. */
export const memoriesOfMeQuery = infiniteQueryOptions({
  queryKey: ["memories-of-me"],
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam: before }) => {
    const query = before === undefined ? {} : { before };
    return body(http.GET("/api/v1/me/memories", { params: { query } }));
  },
  getNextPageParam: (page) => page.next ?? undefined,
});

/** What a reply was built from; null where that was not kept. */
export const originQuery = (twin: string, message: string) =>
  queryOptions({
    queryKey: ["origin", twin, message],
    queryFn: async (): Promise<ReplyOrigin | null> => {
      const params = { path: { twin, message } };
      try {
        return await body(http.GET("/api/v1/twins/{twin}/replies/{message}/origin", { params }));
      } catch (error) {
        if (error instanceof Refused && error.status === 404) {
          return null;
        }
        throw error;
      }
    },
  });

export async function writeMemory(twin: string, memory: WrittenMemory): Promise<void> {
  await body(http.POST("/api/v1/twins/{twin}/memories", { params: { path: { twin } }, body: memory }));
  await readAgain(twin);
}

export async function changeMemory(twin: string, memory: string, change: MemoryPatch): Promise<void> {
  const params = { path: { twin, memory } };
  await body(http.PATCH("/api/v1/twins/{twin}/memories/{memory}", { params, body: change }));
  await readAgain(twin);
}

/** What it said before the last change of its text, it says again. */
export async function undoMemory(twin: string, memory: string): Promise<void> {
  await body(http.POST("/api/v1/twins/{twin}/memories/{memory}/undo", { params: { path: { twin, memory } } }));
  await readAgain(twin);
}

export async function forgetMemory(twin: string, memory: string): Promise<void> {
  await body(http.DELETE("/api/v1/twins/{twin}/memories/{memory}", { params: { path: { twin, memory } } }));
  await readAgain(twin);
}

/** All that it keeps of that conversation. */
export async function forgetRecap(twin: string, recap: string): Promise<void> {
  await body(http.DELETE("/api/v1/twins/{twin}/recaps/{recap}", { params: { path: { twin, recap } } }));
  await readAgain(twin);
}

/** Everything about one person. */
export async function forgetAbout(twin: string, about: string): Promise<void> {
  await body(http.DELETE("/api/v1/twins/{twin}/memories", { params: { path: { twin }, query: { about } } }));
  await readAgain(twin);
}

export async function forgetMemoryOfMe(memory: string): Promise<void> {
  await body(http.DELETE("/api/v1/me/memories/{memory}", { params: { path: { memory } } }));
  await queries.invalidateQueries({ queryKey: memoriesOfMeQuery.queryKey });
}

/** All that twins of others remember of oneself. */
export async function forgetMe(): Promise<void> {
  await body(http.DELETE("/api/v1/me/memories"));
  await queries.invalidateQueries({ queryKey: memoriesOfMeQuery.queryKey });
}

/** One memory that changes changes what is said of those whose place it takes. What was forgotten stands under no reply any more. */
async function readAgain(twin: string): Promise<void> {
  queries.removeQueries({ queryKey: ["origin", twin] });
  await queries.invalidateQueries({ queryKey: ["memories", twin] });
}
