/** What the owner of a twin reads and does over HTTP: the twin, its documents, and what people say of it. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { create } from "zustand";
import type { ServerFrame } from "@/connection/index";
import { type Api, body, http } from "./http";
import type { Audience, NewAudience } from "./people";
import { conversationsQuery, queries, type Twin, twinQuery, twinsQuery } from "./queries";

export type Document = Api["Document"];
export type JobFrame = Extract<ServerFrame, { op: "job" }>;
export type TwinFeedback = Api["TwinFeedback"];
export type Report = Api["Report"];
export type Receipt = Api["Receipt"];
export type NewTwin = Api["NewTwin"];
export type TwinPatch = Api["TwinPatch"];
export type Visibility = Api["Visibility"];

/** A file may have so many bytes, unless the server is set otherwise; how much text may stand in it the server says when it has read it. */
export const DOCUMENT_BYTES_MAX = 10 * 1024 * 1024;

/** How often is looked whether a document has been read of which nothing was heard. */
const READING_LOOK_MS = 5_000;

/** The twins of one's own; the server lists them before all others. */
export function ownedBy(me: string): (twins: Twin[]) => Twin[] {
  return (twins) => twins.filter((twin) => twin.owner_id === me);
}

export const documentsQuery = (twin: string) =>
  queryOptions({
    queryKey: ["documents", twin],
    queryFn: async (): Promise<Document[]> =>
      (await body(http.GET("/api/v1/twins/{twin}/documents", { params: { path: { twin } } }))).items,
    // The frame that says how it ended may be lost.
    refetchInterval: ({ state }) =>
      state.data?.some((document) => document.state === "processing") ? READING_LOOK_MS : false,
  });

/** What a document says. It never changes: another version is another document. */
export const documentTextQuery = (twin: string, document: string) =>
  queryOptions({
    queryKey: ["document-text", document],
    queryFn: async (): Promise<string> => {
      const route = "/api/v1/twins/{twin}/documents/{document}/text";
      return await body(http.GET(route, { params: { path: { twin, document } }, parseAs: "text" }));
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** How far documents are that the server reads now, by their ids; it tells so while it reads. */
export const useReading = create<Record<string, JobFrame>>(() => ({}));

/** Takes up how far a document is. */
export function hearJob(job: JobFrame): void {
  const { [job.document_id]: _, ...others } = useReading.getState();
  const isOver = job.state !== "processing";
  useReading.setState(isOver ? others : { ...others, [job.document_id]: job }, true);
  if (isOver) {
    void queries.invalidateQueries({ queryKey: documentsQuery(job.twin_id).queryKey });
  }
}

/** What people think of a twin's replies, newest first. */
export const feedbackOfQuery = (twin: string) =>
  infiniteQueryOptions({
    queryKey: ["feedback-of", twin],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: before }) => {
      const query = before === undefined ? {} : { before };
      return body(http.GET("/api/v1/twins/{twin}/feedback", { params: { path: { twin }, query } }));
    },
    getNextPageParam: (page) => page.next ?? undefined,
  });

/** Reports of what a twin said, newest first. */
export const reportsOfQuery = (twin: string, state: "open" | "resolved") =>
  infiniteQueryOptions({
    queryKey: ["reports-of", twin, state],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: before }) => {
      const query = before === undefined ? { state } : { state, before };
      return body(http.GET("/api/v1/twins/{twin}/reports", { params: { path: { twin }, query } }));
    },
    getNextPageParam: (page) => page.next ?? undefined,
  });

export async function makeTwin(twin: NewTwin): Promise<Twin> {
  const made = await body(http.POST("/api/v1/twins", { body: twin }));
  await queries.invalidateQueries({ queryKey: twinsQuery.queryKey });
  return made;
}

export async function changeTwin(id: string, change: TwinPatch): Promise<Twin> {
  const changed = await body(http.PATCH("/api/v1/twins/{twin}", { params: { path: { twin: id } }, body: change }));
  queries.setQueryData(twinQuery(id).queryKey, changed);
  queries.setQueryData(twinsQuery.queryKey, (twins) => twins?.map((twin) => (twin.id === id ? changed : twin)));
  return changed;
}

export async function deleteTwin(id: string): Promise<void> {
  await body(http.DELETE("/api/v1/twins/{twin}", { params: { path: { twin: id } } }));
  queries.setQueryData(twinsQuery.queryKey, (twins) => twins?.filter((twin) => twin.id !== id));
  void queries.invalidateQueries({ queryKey: conversationsQuery.queryKey });
}

/** A document for a twin, and whom the twin may tell what it says. */
export interface NewDocument {
  twin: string;
  file: File;
  audience: NewAudience;
}

/** Gives a twin a document. The server answers when it is kept, and reads it then. */
export async function uploadDocument({ twin, file, audience }: NewDocument, signal: AbortSignal): Promise<void> {
  const form = new FormData();
  form.append("file", file);
  const params = { path: { twin }, query: { audience } };
  // The description says what a form has; a form is not JSON.
  const sent = { params, body: { file: "" }, bodySerializer: () => form, signal };
  await body(http.POST("/api/v1/twins/{twin}/documents", sent));
  await queries.invalidateQueries({ queryKey: documentsQuery(twin).queryKey });
}

/** Says whom a twin may tell what a document says, from now on. */
export async function tellDocument(twin: string, document: string, audience: Audience): Promise<void> {
  const params = { path: { twin, document } };
  const changed = await body(http.PATCH("/api/v1/twins/{twin}/documents/{document}", { params, body: { audience } }));
  queries.setQueryData(documentsQuery(twin).queryKey, (all) =>
    all?.map((each) => (each.id === document ? changed : each)),
  );
}

/** Has a twin forget a document; says how much that was. */
export async function deleteDocument(twin: string, document: string): Promise<Receipt> {
  const params = { path: { twin, document } };
  const receipt = await body(http.DELETE("/api/v1/twins/{twin}/documents/{document}", { params }));
  await queries.invalidateQueries({ queryKey: documentsQuery(twin).queryKey });
  return receipt;
}

/** Decides about a report, once. */
export async function resolve(report: Report, resolution: Api["Resolution"]): Promise<void> {
  const params = { path: { report: report.id } };
  await body(http.PUT("/api/v1/reports/{report}/resolution", { params, body: { resolution } }));
  await queries.invalidateQueries({ queryKey: ["reports-of", report.message.author.id] });
}

/** The link by which somebody who has an account, or makes one, talks with a twin. */
export function linkTo(twin: string): string {
  return `${window.location.origin}/talk?twin=${encodeURIComponent(twin)}`;
}
