/** What is read over HTTP and kept: the list of conversations, their members, twins and invitations. */

import { QueryClient, queryOptions } from "@tanstack/react-query";
import { type Api, body, http } from "./http";
import { Refused } from "./session";

/** Conversations that the list shows and that are followed; the server follows at most 500 on one connection. */
export const CONVERSATIONS_SHOWN_MAX = 200;

/** One is told that one was brought into a conversation; of what is told, some may be lost. */
const LIST_INTERVAL_MS = 120_000;

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What the server refuses it refuses again.
      retry: (failures, error) => !(error instanceof Refused && error.status < 500) && failures < 3,
    },
  },
});

export type Summary = Api["ConversationSummary"];
export type Conversation = Api["Conversation"];
export type Member = Api["Member"];
export type Twin = Api["Twin"];
export type Level = Api["Level"];

export const conversationsQuery = queryOptions({
  queryKey: ["conversations"],
  queryFn: async (): Promise<Summary[]> => {
    const query = { limit: CONVERSATIONS_SHOWN_MAX };
    const read = await body(http.GET("/api/v1/conversations", { params: { query } }));
    return read.items.map(notOlder);
  },
  refetchInterval: LIST_INTERVAL_MS,
});

export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: ["conversation", id],
    queryFn: (): Promise<Conversation> =>
      body(http.GET("/api/v1/conversations/{conversation}", { params: { path: { conversation: id } } })),
  });

export const twinsQuery = queryOptions({
  queryKey: ["twins"],
  queryFn: async (): Promise<Twin[]> => (await body(http.GET("/api/v1/twins"))).items,
});

export const twinQuery = (id: string) =>
  queryOptions({
    queryKey: ["twin", id],
    queryFn: (): Promise<Twin> => body(http.GET("/api/v1/twins/{twin}", { params: { path: { twin: id } } })),
  });

export const invitationQuery = (code: string) =>
  queryOptions({
    queryKey: ["invitation", code],
    queryFn: () => body(http.GET("/api/v1/invitations/{code}", { params: { path: { code } } })),
    retry: false,
  });

/** What of a conversation one is told; null: what the settings say. */
export const levelQuery = (id: string) =>
  queryOptions({
    queryKey: ["level", id],
    queryFn: async (): Promise<Level | null> => {
      const params = { path: { conversation: id } };
      return (await body(http.GET("/api/v1/conversations/{conversation}/notifications", { params }))).level ?? null;
    },
  });

/** Whom one does not wish to hear from. */
export const blocksQuery = queryOptions({
  queryKey: ["blocks"],
  queryFn: async (): Promise<Api["Block"][]> => (await body(http.GET("/api/v1/blocks"))).items,
  staleTime: 60_000,
});

export const feedbackQuery = (conversation: string, message: string) =>
  queryOptions({
    queryKey: ["feedback", message],
    queryFn: async (): Promise<Api["Rating"] | null> => {
      const path = { conversation, message };
      try {
        const route = "/api/v1/conversations/{conversation}/messages/{message}/feedback";
        return (await body(http.GET(route, { params: { path } }))).rating;
      } catch (error) {
        if (error instanceof Refused && error.status === 404) {
          return null;
        }
        throw error;
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** What happened live while the list was on its way is newer than the list. */
function notOlder(read: Summary): Summary {
  const live = queries.getQueryData(conversationsQuery.queryKey)?.find((summary) => summary.id === read.id);
  return live !== undefined && (live.last_seq > read.last_seq || live.read_seq > read.read_seq) ? live : read;
}

/** A conversation is another than it was: only the server knows what it is now. */
export function forgetSummary(id: string): void {
  queries.setQueryData(conversationsQuery.queryKey, (list) => list?.filter((summary) => summary.id !== id));
}

/** The list as it is kept, changed without asking the server. */
export function changeSummary(id: string, change: (summary: Summary) => Summary): void {
  queries.setQueryData(conversationsQuery.queryKey, (list) =>
    list?.map((summary) => (summary.id === id ? change(summary) : summary)),
  );
}
