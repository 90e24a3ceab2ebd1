/**
 * Files on their way to the server, and those that are there and wait to be sent with a message.
 *
 * A file that is there survives a reload: each is kept in the browser under a key of its own, for as long as the server keeps it.
 */

import type { Schemas } from "@/connection/index";
import { http } from "./http";
import { accessToken, problemOf, Refused } from "./session";
import { apiUrl, uploadBytesMax } from "./settings";
import { type Problem, useStore } from "./store";

export type UploadedFile = Schemas["Attachment"];

export interface Upload {
  /** The browser's own; the file's id once it is there. */
  readonly key: string;
  readonly conversation: string;
  readonly name: string;
  readonly bytes: number;
  readonly state:
    | { readonly name: "waiting" }
    | { readonly name: "sending"; readonly sentBytes: number }
    | { readonly name: "failed"; readonly problem: Problem; readonly mayRetry: boolean }
    | { readonly name: "there"; readonly file: UploadedFile };
  /** The `client_id` of the message that it was sent with. */
  readonly sentWith?: string | undefined;
}

/** Files that a message may have: the server's limit. */
export const FILES_MAX = 10;

/** Files that are sent at once: more would only make each slower. */
const AT_ONCE = 2;

/** For how long a file that is there is offered after a reload; the server keeps it for a day. */
const KEPT_MS = 23 * 60 * 60 * 1_000;

/** What another attempt would not change. */
const FOR_GOOD: readonly string[] = ["unsupported_media", "too_large", "invalid"];

interface Kept {
  conversation: string;
  file: UploadedFile;
  at: number;
  sentWith?: string | undefined;
}

let owner: string | undefined;
let nextKey = 0;
const files = new Map<string, File>();
const requests = new Map<string, XMLHttpRequest>();

/** Shows the files that somebody left here. */
export function loadUploads(of: string): void {
  owner = of;
  const prefix = keyOf("");
  const keys = Array.from({ length: localStorage.length }, (_, place) => localStorage.key(place) ?? "");
  const uploads: Upload[] = [];
  for (const key of keys.filter((each) => each.startsWith(prefix))) {
    const kept = parsed(localStorage.getItem(key));
    if (kept === undefined || kept.at + KEPT_MS < Date.now()) {
      localStorage.removeItem(key);
    } else {
      uploads.push(thereIs(kept));
    }
  }
  useStore.setState({ uploads });
}

/** Nobody is signed in any more: nothing is sent. */
export function leaveUploads(): void {
  owner = undefined;
  for (const request of requests.values()) {
    request.abort();
  }
  requests.clear();
  files.clear();
}

/** Takes files for the next message. What cannot be sent says so at once. */
export function addFiles(conversation: string, added: readonly File[]): void {
  const room = FILES_MAX - waitingIn(conversation).length;
  const uploads = added.map((file, place): Upload => {
    nextKey += 1;
    const key = `new-${nextKey}`;
    const refusal = refusalOf(file, place >= room);
    if (refusal === undefined) {
      files.set(key, file);
    }
    const state = refusal === undefined ? { name: "waiting" as const } : failed(refusal, false);
    return { key, conversation, name: file.name, bytes: file.size, state };
  });
  useStore.setState({ uploads: [...useStore.getState().uploads, ...uploads] });
  pump();
}

/** Takes a file away, wherever it is. */
export function removeUpload(key: string): void {
  const upload = find(key);
  requests.get(key)?.abort();
  forget(key);
  if (upload?.state.name === "there") {
    // One that stays is deleted by the server within a day.
    const params = { path: { attachment: upload.state.file.id } };
    void http.DELETE("/api/v1/attachments/{attachment}", { params }).catch(() => undefined);
  }
  pump();
}

export function retryUpload(key: string): void {
  replace(key, { state: { name: "waiting" } });
  pump();
}

/** What belongs to the next message of a conversation, in its order. */
export function waitingIn(conversation: string): Upload[] {
  const { uploads } = useStore.getState();
  return uploads.filter((upload) => upload.conversation === conversation && upload.sentWith === undefined);
}

/** These go with this message, and are not offered any more. */
export function sendWith(clientId: string, uploads: readonly Upload[]): void {
  for (const { key } of uploads) {
    replace(key, { sentWith: clientId });
  }
}

/** The files of a message that the server has not acknowledged. */
export function filesSentWith(clientId: string): UploadedFile[] {
  const { uploads } = useStore.getState();
  return uploads.flatMap(({ sentWith, state }) =>
    sentWith === clientId && state.name === "there" ? [state.file] : [],
  );
}

/** The message is in the log, and its files with it. */
export function wereSentWith(clientId: string): void {
  for (const { key, sentWith } of useStore.getState().uploads) {
    if (sentWith === clientId) {
      forget(key);
    }
  }
}

/** The message was let go, and its files are. */
export function discardFilesOf(clientId: string): void {
  for (const { key, sentWith } of useStore.getState().uploads) {
    if (sentWith === clientId) {
      removeUpload(key);
    }
  }
}

function refusalOf(file: File, isOneTooMany: boolean): Problem | undefined {
  const bytesMax = uploadBytesMax();
  if (isOneTooMany) {
    return { code: "too_many_files", message: `${FILES_MAX} files` };
  }
  if (file.size === 0) {
    return { code: "file_empty", message: "the file is empty" };
  }
  if (bytesMax !== undefined && file.size > bytesMax) {
    return { code: "file_too_large", message: `${bytesMax} bytes` };
  }
  return undefined;
}

/** Sends what waits, as many at once as there may be. */
function pump(): void {
  for (const upload of useStore.getState().uploads) {
    const file = files.get(upload.key);
    if (requests.size >= AT_ONCE) {
      return;
    }
    if (upload.state.name === "waiting" && file !== undefined && !requests.has(upload.key)) {
      const request = new XMLHttpRequest();
      requests.set(upload.key, request);
      replace(upload.key, { state: { name: "sending", sentBytes: 0 } });
      void send(upload.key, file, request).finally(() => {
        requests.delete(upload.key);
        pump();
      });
    }
  }
}

async function send(key: string, file: File, request: XMLHttpRequest): Promise<void> {
  try {
    const attachment = await attempt(key, file, request);
    const upload = find(key);
    if (upload === undefined) {
      return;
    }
    const kept = { conversation: upload.conversation, file: attachment, at: Date.now() };
    keep(kept);
    files.delete(key);
    replace(key, thereIs(kept));
  } catch (error) {
    const problem = problemOf(error);
    replace(key, { state: failed(problem, !FOR_GOOD.includes(problem.code)) });
  }
}

async function attempt(key: string, file: File, request: XMLHttpRequest): Promise<UploadedFile> {
  const token = await accessToken();
  try {
    return await post(key, file, request, token);
  } catch (error) {
    if (error instanceof Refused && error.status === 401 && token !== null) {
      return post(key, file, request, await accessToken(token));
    }
    throw error;
  }
}

/** By `XMLHttpRequest`, since `fetch` does not say how much it has sent. */
function post(key: string, file: File, request: XMLHttpRequest, token: string | null): Promise<UploadedFile> {
  const form = new FormData();
  form.append("file", file);
  return new Promise((resolve, reject) => {
    request.open("POST", `${apiUrl()}/api/v1/attachments`);
    request.setRequestHeader("authorization", `Bearer ${token}`);
    request.upload.onprogress = ({ loaded }) => replace(key, { state: { name: "sending", sentBytes: loaded } });
    request.onerror = () => reject(new Error("no answer"));
    request.onabort = () => reject(new Error("cancelled"));
    request.onload = () => {
      const said = parsedJson(request.responseText);
      if (request.status === 201) {
        resolve(said as UploadedFile);
      } else {
        const problem = (said ?? {}) as { code?: string; detail?: string };
        reject(new Refused(request.status, problem.code ?? "internal", problem.detail ?? request.statusText));
      }
    };
    request.send(form);
  });
}

function failed(problem: Problem, mayRetry: boolean): Extract<Upload["state"], { name: "failed" }> {
  return { name: "failed", problem, mayRetry };
}

function thereIs({ conversation, file, sentWith }: Kept): Upload {
  const { id, name, size_bytes } = file;
  return { key: id, conversation, name, bytes: size_bytes, state: { name: "there", file }, sentWith };
}

function find(key: string): Upload | undefined {
  return useStore.getState().uploads.find((upload) => upload.key === key);
}

function replace(key: string, changed: Partial<Upload>): void {
  const { uploads } = useStore.getState();
  useStore.setState({ uploads: uploads.map((upload) => (upload.key === key ? { ...upload, ...changed } : upload)) });
  const upload = find(key);
  if (changed.sentWith !== undefined && upload?.state.name === "there") {
    const { conversation, sentWith } = upload;
    keep({ conversation, file: upload.state.file, at: Date.now(), sentWith });
  }
}

function forget(key: string): void {
  files.delete(key);
  localStorage.removeItem(keyOf(key));
  useStore.setState({ uploads: useStore.getState().uploads.filter((upload) => upload.key !== key) });
}

function keep(kept: Kept): void {
  try {
    localStorage.setItem(keyOf(kept.file.id), JSON.stringify(kept));
  } catch {
    // Without room in the browser it is of use until the page is left.
  }
}

function keyOf(id: string): string {
  return `upload:${owner}:${id}`;
}

function parsed(text: string | null): Kept | undefined {
  const kept = parsedJson(text ?? "") as Kept | undefined;
  return typeof kept?.file?.id === "string" && typeof kept.conversation === "string" ? kept : undefined;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
