/**
 * What the server has not acknowledged: sent one at a time for each conversation, and again until it has.
 *
 * One at a time, because what is refused for now must not be overtaken by the next. What is refused for good stays, with
 * the reason, until a person tries it again or lets it go. Invariant: no network and no clock.
 */

import type { ErrorCode } from "./close-codes.ts";
import type { ClientFrame } from "./frames.generated.ts";

/** A frame that the server knows again by its `client_id`, so that sending it twice is harmless. */
export type OutboxFrame = Extract<ClientFrame, { client_id: string }>;

/** Why something was refused for good. */
export interface Refusal {
  code: ErrorCode;
  message: string;
}

/** Something that waits for its `ack`. */
export interface OutboxEntry {
  frame: OutboxFrame;
  /** When it was put here, in milliseconds since 1970. */
  queuedAt: number;
  refusal?: Refusal;
}

/** Where entries survive the program: each by itself, so that two tabs do not undo each other's. */
export interface OutboxStorage {
  load(): OutboxEntry[];
  put(entry: OutboxEntry): void;
  remove(clientId: string): void;
}

/** More than a person writes while offline; each holds at most 16 KiB of text, and browsers keep 5 MiB. */
export const OUTBOX_ENTRIES_MAX = 200;

/** After this long without an answer a frame is sent again; the server answers within ten seconds. */
const ANSWER_TIMEOUT_MS = 15_000;

/** How long to wait after a refusal that does not say how long. */
const RETRY_AFTER_MS = 1_000;

const PASSING: readonly ErrorCode[] = ["rate_limited", "overloaded", "unavailable"];

/** There is no room: what waits has to be sent, or let go, first. */
export class OutboxFull extends Error {
  override name = "OutboxFull";
}

export class Outbox {
  private waiting: OutboxEntry[];
  private readonly due = new Map<string, number>();

  constructor(private readonly storage?: OutboxStorage) {
    this.waiting = (storage?.load() ?? []).sort((a, b) => a.queuedAt - b.queuedAt).slice(0, OUTBOX_ENTRIES_MAX);
  }

  /** Everything that waits, oldest first. */
  get entries(): readonly OutboxEntry[] {
    return this.waiting;
  }

  /** Puts a frame behind the others of its conversation. Throws {@link OutboxFull}, or what the storage throws. */
  push(frame: OutboxFrame, now: number): void {
    if (this.waiting.length >= OUTBOX_ENTRIES_MAX) {
      throw new OutboxFull(`${OUTBOX_ENTRIES_MAX} messages wait already`);
    }
    const entry = { frame, queuedAt: now };
    this.storage?.put(entry);
    this.waiting = [...this.waiting, entry];
  }

  /** What to send now; each is due again when no answer comes. */
  takeDue(now: number): OutboxFrame[] {
    const frames = this.heads().filter((head) => (this.due.get(head.client_id) ?? 0) <= now);
    for (const frame of frames) {
      this.due.set(frame.client_id, now + ANSWER_TIMEOUT_MS);
    }
    return frames;
  }

  /** When the next frame is due, if any waits. */
  nextDue(): number | undefined {
    const times = this.heads().map((head) => this.due.get(head.client_id) ?? 0);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** The connection is new: whatever was sent on the old one is sent again. */
  reconnected(): void {
    this.due.clear();
  }

  /** It is committed. Returns it, if it waited here. */
  acknowledged(clientId: string): OutboxEntry | undefined {
    const entry = this.find(clientId);
    if (entry !== undefined) {
      this.discard(clientId);
    }
    return entry;
  }

  /** It was refused: it is sent again where that may help, and keeps the reason otherwise. Says whether it waited here. */
  refused(clientId: string, refusal: Refusal, retryAfterMs: number | undefined, now: number): boolean {
    const entry = this.find(clientId);
    if (entry === undefined) {
      return false;
    }
    if (PASSING.includes(refusal.code)) {
      this.due.set(clientId, now + (retryAfterMs ?? RETRY_AFTER_MS));
    } else {
      this.replace({ ...entry, refusal });
    }
    return true;
  }

  /** Tries again what was refused for good. */
  retry(clientId: string): void {
    const entry = this.find(clientId);
    if (entry?.refusal !== undefined) {
      this.due.delete(clientId);
      this.replace({ frame: entry.frame, queuedAt: entry.queuedAt });
    }
  }

  /** Lets an entry go. One that is on its way may arrive all the same. */
  discard(clientId: string): void {
    this.storage?.remove(clientId);
    this.due.delete(clientId);
    this.waiting = this.waiting.filter((entry) => entry.frame.client_id !== clientId);
  }

  private find(clientId: string): OutboxEntry | undefined {
    return this.waiting.find((entry) => entry.frame.client_id === clientId);
  }

  private replace(changed: OutboxEntry): void {
    this.storage?.put(changed);
    const id = changed.frame.client_id;
    this.waiting = this.waiting.map((entry) => (entry.frame.client_id === id ? changed : entry));
  }

  /** The first of each conversation that was not refused. */
  private heads(): OutboxFrame[] {
    const heads = new Map<string, OutboxFrame>();
    for (const { frame, refusal } of this.waiting) {
      if (refusal === undefined && !heads.has(frame.conversation_id)) {
        heads.set(frame.conversation_id, frame);
      }
    }
    return [...heads.values()];
  }
}
