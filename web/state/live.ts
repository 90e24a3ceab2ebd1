/** The live connection of whoever is signed in: what it says goes into the store, what a person does goes out. */

import { Connection, type ConnectionEvent, type OutboxFrame, webStorageOutbox } from "@/connection/index";
import { leaveDrafts, loadDrafts, refreshDrafts } from "./drafts";
import { apply } from "./frames";
import { body, http } from "./http";
import { readOlderOfPassage, readPage } from "./passages";
import { conversationsQuery, forgetSummary, queries, type Summary } from "./queries";
import { accessToken, problemOf } from "./session";
import { websocketUrl } from "./settings";
import { NOTHING_LIVE, useStore } from "./store";
import { EMPTY_TIMELINE, withPage } from "./timeline";
import { discardFilesOf, leaveUploads, loadUploads } from "./uploads";

let connection: Connection | undefined;
const followed = new Set<string>();

/** Keeps a connection for as long as somebody is signed in; returns what ends that. */
export function liveWithSession(): () => void {
  const follow = () => {
    const { session } = useStore.getState();
    const owner = session.name === "signed_in" ? session.me.id : undefined;
    if (owner !== current) {
      current = owner;
      leave();
      if (owner !== undefined) {
        enter(owner);
      }
    }
  };
  let current: string | undefined;
  follow();
  const unsubscribe = useStore.subscribe(follow);
  const online = () => connection?.retryNow();
  const seen = () => document.visibilityState === "visible" && connection?.retryNow();
  window.addEventListener("online", online);
  document.addEventListener("visibilitychange", seen);
  return () => {
    unsubscribe();
    window.removeEventListener("online", online);
    document.removeEventListener("visibilitychange", seen);
    leave();
  };
}

/** Tries at once to connect again. */
export function retryConnection(): void {
  connection?.retryNow();
}

/** Follows the conversations of the list that are not followed yet. */
export function followAll(summaries: readonly Summary[]): void {
  for (const { id, last_seq } of summaries) {
    follow(id, last_seq);
  }
}

/** Reads the newest messages of a conversation; what comes from now on is live. */
export async function openConversation(id: string): Promise<void> {
  const { timelines } = useStore.getState();
  if (timelines[id]?.older !== undefined) {
    return;
  }
  if (timelines[id] === undefined) {
    useStore.setState({ timelines: { ...timelines, [id]: EMPTY_TIMELINE } });
  }
  if (!followed.has(id)) {
    const path = { conversation: id };
    follow(id, (await body(http.GET("/api/v1/conversations/{conversation}", { params: { path } }))).last_seq);
  }
  await addPage(id, {});
}

/** Reads the page before the oldest message. */
export async function readOlder(id: string): Promise<void> {
  if (await readOlderOfPassage(id)) {
    return;
  }
  const older = useStore.getState().timelines[id]?.older;
  if (older !== undefined && older !== null) {
    await addPage(id, { before: Number(older) });
  }
}

/** Queues what must not be lost; says why, if it cannot be. */
export function send(frame: OutboxFrame): boolean {
  try {
    connection?.send(frame);
    return connection !== undefined;
  } catch (error) {
    useStore.setState({ notice: problemOf(error) });
    return false;
  }
}

export function retry(clientId: string): void {
  connection?.retry(clientId);
}

export function discard(clientId: string): void {
  connection?.discard(clientId);
  discardFilesOf(clientId);
}

/** Asks once, if there is a connection. */
export const request: Connection["request"] = (frame) => connection?.request(frame);

/** A `client_id` for something new. Pages without TLS have no `crypto.randomUUID`. */
export function newClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function follow(id: string, lastSeq: number): void {
  if (!followed.has(id) && connection !== undefined) {
    followed.add(id);
    connection.follow(id, lastSeq);
  }
}

async function addPage(id: string, place: { before?: number }): Promise<void> {
  const page = await readPage(id, place);
  const { timelines } = useStore.getState();
  const timeline = timelines[id] ?? EMPTY_TIMELINE;
  useStore.setState({ timelines: { ...timelines, [id]: withPage(timeline, page.items, page.next) } });
}

function enter(owner: string): void {
  connection = new Connection({
    url: websocketUrl(),
    token: accessToken,
    presence: true,
    storage: webStorageOutbox(localStorage, owner),
  });
  loadDrafts(owner);
  loadUploads(owner);
  connection.listen(hear);
  useStore.setState({ outbox: connection.waiting });
  connection.start();
}

function leave(): void {
  connection?.stop();
  connection = undefined;
  leaveDrafts();
  leaveUploads();
  followed.clear();
  queries.clear();
  useStore.setState(NOTHING_LIVE);
}

function hear(event: ConnectionEvent): void {
  switch (event.type) {
    case "state":
      useStore.setState({ connection: event.state });
      if (event.state.name === "open") {
        void queries.invalidateQueries({ queryKey: conversationsQuery.queryKey });
        void refreshDrafts().catch(() => undefined);
      }
      return;
    case "outbox":
      useStore.setState({ outbox: event.entries });
      letGoOfRefused(event.entries);
      return;
    case "acknowledged":
    case "frame":
      apply(event);
      if (event.type === "frame" && event.frame.op === "reset") {
        reset(event.frame.conversation_id, event.frame.code);
      }
  }
}

/** A message that was refused waits for its writer, under whatever name. Anything else that was is told once. */
function letGoOfRefused(entries: Connection["waiting"]): void {
  for (const { frame, refusal } of entries) {
    if (refusal !== undefined && frame.op !== "send" && frame.op !== "speak") {
      useStore.setState({ notice: refusal });
      connection?.discard(frame.client_id);
    }
  }
}

/** The log is another than the one that was seen, or gone. */
function reset(id: string, code: string): void {
  followed.delete(id);
  const { [id]: known, ...timelines } = useStore.getState().timelines;
  const { [id]: _, ...passages } = useStore.getState().passages;
  useStore.setState({ timelines, passages });
  forgetSummary(id);
  void queries.invalidateQueries({ queryKey: conversationsQuery.queryKey });
  void queries.invalidateQueries({ queryKey: ["conversation", id] });
  if (code === "conflict" && known !== undefined) {
    void openConversation(id).catch(() => undefined);
  }
}
