/** What a conversation shows from top to bottom: days, messages, notices, what is being written and what waits. Pure. */

import type { OutboxEntry } from "@/connection/index";
import type { RunningReply } from "./replies";
import type { Change, Message } from "./store";
import { firstAttempt, messageOf, type Timeline } from "./timeline";

export type Row =
  | { kind: "day"; key: string; at: number }
  | { kind: "unread"; key: string }
  | { kind: "message"; key: string; message: Message; attempts: readonly Message[] }
  | { kind: "notice"; key: string; change: Change }
  | { kind: "running"; key: string; messageId: string }
  | { kind: "waiting"; key: string; entry: OutboxEntry };

export interface Shown {
  timeline: Timeline;
  /** Replies that are being written. */
  running: Readonly<Record<string, RunningReply>>;
  /** What waits in this conversation. */
  waiting: readonly OutboxEntry[];
  /** What was new when the conversation was opened, by its `seq`. */
  unread: { after: number; upTo: number };
  me: string;
}

/** As many as come in that moment at most. */
const NEWEST_LOOKED_AT = 200;

export function rowsOf({ timeline, running, waiting, unread, me }: Shown): Row[] {
  const rows: Row[] = [];
  const several = severalAttempts(timeline);
  let day = { from: 0, until: 0 };
  let isUnreadShown = false;
  const isNew = ({ seq }: Message) => seq > unread.after && seq <= unread.upTo;
  for (const entry of inOrder(timeline, several)) {
    const at = entry.created_at;
    if (at < day.from || at >= day.until) {
      day = dayOf(at);
      rows.push({ kind: "day", key: `day-${entry.seq}`, at });
    }
    if ("kind" in entry) {
      rows.push({ kind: "notice", key: `notice-${entry.seq}`, change: entry });
      continue;
    }
    if (!isUnreadShown && isNew(entry) && entry.author.id !== me) {
      isUnreadShown = true;
      rows.push({ kind: "unread", key: "unread" });
    }
    const attempts = several.get(firstAttempt(entry)) ?? [entry];
    const message = attempts.find((attempt) => attempt.superseded !== true) ?? entry;
    rows.push({ kind: "message", key: entry.client_id ?? entry.message_id, message, attempts });
  }
  for (const reply of Object.values(running)) {
    // Another attempt is shown where the first one stands.
    if (reply.variantOf === undefined || messageOf(timeline, reply.variantOf) === undefined) {
      rows.push({ kind: "running", key: reply.messageId, messageId: reply.messageId });
    }
  }
  for (const entry of waiting) {
    const { frame } = entry;
    if ((frame.op === "send" || frame.op === "speak") && !isThere(timeline, frame.client_id)) {
      rows.push({ kind: "waiting", key: frame.client_id, entry });
    }
  }
  return rows;
}

/** Between a message and its acknowledgement there is a moment in which it is in the log and waits. */
function isThere(timeline: Timeline, clientId: string): boolean {
  return timeline.order.slice(-NEWEST_LOOKED_AT).some((message) => message.client_id === clientId);
}

/** The local day of a time, in milliseconds since 1970. A calendar is slow: it is asked once for each day. */
function dayOf(at: number): { from: number; until: number } {
  const midnight = new Date(at);
  midnight.setHours(0, 0, 0, 0);
  const next = new Date(midnight);
  next.setDate(next.getDate() + 1);
  return { from: midnight.getTime(), until: next.getTime() };
}

/** The attempts of replies that have several, or whose first one is not known, by the id of the first. */
function severalAttempts(timeline: Timeline): Map<string, Message[]> {
  const several = new Map<string, Message[]>();
  for (const message of timeline.order) {
    const { variant_of } = message;
    if (variant_of === undefined) {
      continue;
    }
    const attempts = several.get(variant_of);
    if (attempts !== undefined) {
      attempts.push(message);
      continue;
    }
    const first = messageOf(timeline, variant_of);
    several.set(variant_of, first === undefined ? [message] : [first, message]);
  }
  return several;
}

/** Messages and notices by their `seq`; of several attempts at a reply only the first that is known. */
function inOrder({ order, notices }: Timeline, several: Map<string, Message[]>): readonly (Message | Change)[] {
  const isShown = (message: Message) => (several.get(firstAttempt(message))?.[0] ?? message) === message;
  const messages = several.size === 0 ? order : order.filter(isShown);
  return notices.length === 0 ? messages : [...messages, ...notices].sort((a, b) => a.seq - b.seq);
}
