/** Documents on their way to a twin, one after the other; they go on while one looks at something else. */

import { create } from "zustand";
import type { NewAudience } from "./people";
import { problemOf } from "./session";
import type { Problem } from "./store";
import { DOCUMENT_BYTES_MAX, type NewDocument, uploadDocument } from "./studio";

/** Files that wait at once: more than anybody picks, less than would fill the memory. */
export const UPLOADS_WAITING_MAX = 100;

export interface DocumentUpload {
  id: number;
  twin: string;
  name: string;
  state: { name: "waiting" } | { name: "reading" } | { name: "failed"; why: Problem | "too_large" | "too_many" };
}

interface DocumentUploads {
  uploads: readonly DocumentUpload[];
  /** The name of the document that was taken in last. */
  taken: string | undefined;
}

export const useDocumentUploads = create<DocumentUploads>(() => ({ uploads: [], taken: undefined }));

interface Job {
  id: number;
  document: NewDocument;
  stop: AbortController;
}

const jobs: Job[] = [];
/** What was refused or lost, by the upload's number: it can be sent again. */
const failed = new Map<number, NewDocument>();
let isRunning = false;
let lastId = 0;

/** Puts files behind those that wait. What is too large fails at once, and nothing of it is sent. */
export function uploadDocuments(twin: string, files: readonly File[], audience: NewAudience): void {
  for (const file of files) {
    lastId += 1;
    const why =
      file.size > DOCUMENT_BYTES_MAX ? "too_large" : jobs.length >= UPLOADS_WAITING_MAX ? "too_many" : undefined;
    const state: DocumentUpload["state"] = why === undefined ? { name: "waiting" } : { name: "failed", why };
    const entry: DocumentUpload = { id: lastId, twin, name: file.name, state };
    useDocumentUploads.setState(({ uploads }) => ({ uploads: [...uploads, entry] }));
    if (why === undefined) {
      jobs.push({ id: lastId, document: { twin, file, audience }, stop: new AbortController() });
    }
  }
  void work();
}

/** Sends what was refused or lost again, behind those that wait. */
export function uploadAgain(id: number): void {
  const document = failed.get(id);
  if (document === undefined || jobs.length >= UPLOADS_WAITING_MAX) {
    return;
  }
  failed.delete(id);
  become(id, { name: "waiting" });
  jobs.push({ id, document, stop: new AbortController() });
  void work();
}

/** Stops an upload, or lets go of one that failed. */
export function letGo(id: number): void {
  const place = jobs.findIndex((job) => job.id === id);
  jobs[place]?.stop.abort();
  // The first one is on its way and goes when it has stopped.
  if (place > 0) {
    jobs.splice(place, 1);
  }
  failed.delete(id);
  useDocumentUploads.setState(({ uploads }) => ({ uploads: uploads.filter((entry) => entry.id !== id) }));
}

async function work(): Promise<void> {
  if (isRunning) {
    return;
  }
  isRunning = true;
  for (let job = jobs[0]; job !== undefined; job = jobs[0]) {
    const { id, document, stop } = job;
    become(id, { name: "reading" });
    try {
      await uploadDocument(document, stop.signal);
      useDocumentUploads.setState(({ uploads }) => ({
        uploads: uploads.filter((entry) => entry.id !== id),
        taken: document.file.name,
      }));
    } catch (error) {
      if (!stop.signal.aborted) {
        failed.set(id, document);
      }
      become(id, { name: "failed", why: problemOf(error) });
    }
    jobs.shift();
  }
  isRunning = false;
}

function become(id: number, state: DocumentUpload["state"]): void {
  useDocumentUploads.setState(({ uploads }) => ({
    uploads: uploads.map((entry) => (entry.id === id ? { ...entry, state } : entry)),
  }));
}
