/**
 * What is known of one conversation that is followed: lets each entry and each piece of a reply through once.
 *
 * Invariant: no IO. What passes is gapless: entries by `seq`, the pieces of a reply by `index`.
 */

import type { ServerFrame } from "./frames.generated.ts";

type Entry = Extract<ServerFrame, { op: "message" | "message_done" | "change" }>;
type Start = Extract<ServerFrame, { op: "message_start" }>;
type Delta = Extract<ServerFrame, { op: "delta" }>;

/** What to do with a frame: hand it on, forget it, or ask for what is missing before it. */
export type Verdict = { pass: ServerFrame } | "skip" | "gap";

/** The text so far of a reply, and its length in code points. */
interface Running {
  text: string;
  points: number;
}

export class Followed {
  private readonly running = new Map<string, Running>();
  private catchingUp = true;

  /** Follows from after this entry on; from now on where it is unknown. */
  constructor(private last: number | undefined) {}

  /** The last entry that passed; unknown until the server has said where the conversation stands. */
  get lastSeq(): number | undefined {
    return this.last;
  }

  /** Whether the server is still sending what was missing. */
  get isCatchingUp(): boolean {
    return this.catchingUp;
  }

  /** A subscription is about to be asked for. */
  catchUp(): void {
    this.catchingUp = true;
  }

  /** The server has sent what was missing. */
  subscribed(lastSeq: number): void {
    this.catchingUp = false;
    this.last ??= lastSeq;
  }

  /** Judges an entry of the log. */
  entry(frame: Entry): Verdict {
    if (this.last !== undefined) {
      if (frame.seq <= this.last) {
        return "skip";
      }
      if (frame.seq > this.last + 1) {
        return this.gap();
      }
    }
    this.last = frame.seq;
    if (frame.op !== "change") {
      this.running.delete(frame.message_id);
    }
    return { pass: frame };
  }

  /** Judges the beginning of a reply. */
  start(frame: Start): Verdict {
    if (this.running.has(frame.message_id)) {
      return "skip";
    }
    this.running.set(frame.message_id, { text: "", points: 0 });
    return { pass: frame };
  }

  /**
   * Judges a piece of a reply. What passes follows what passed before, or has index 0 and begins the reply anew, because
   * it was written again differently.
   */
  delta(frame: Delta): Verdict {
    const reply = this.running.get(frame.message_id);
    if (reply === undefined || frame.index > reply.points) {
      return this.gap();
    }
    const isNext = frame.index === reply.points;
    const known = isNext ? "" : Array.from(reply.text).slice(frame.index).join("");
    if (known.startsWith(frame.text)) {
      return "skip";
    }
    if (frame.text.startsWith(known)) {
      const piece = frame.text.slice(known.length);
      const index = reply.points;
      reply.text += piece;
      reply.points += codePoints(piece);
      return { pass: { ...frame, index, text: piece } };
    }
    reply.text = reply.text.slice(0, reply.text.length - known.length) + frame.text;
    reply.points = codePoints(reply.text);
    return { pass: { ...frame, index: 0, text: reply.text } };
  }

  private gap(): Verdict {
    return this.catchingUp ? "skip" : "gap";
  }
}

/** The length of a text as the protocol counts: in Unicode code points. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) {
    count += 1;
  }
  return count;
}
