/** What a conversation shows from top to bottom: days, messages, notices, what is being written and what waits. Pure. */

import type { OutboxEntry } from "@/connection/index";
import type { RunningReply } from "./replies";
import type { Change, Message } from "./store";
import { attempts, type Timeline } from "./timeline";

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
  let day = "";
  let isUnreadShown = false;
  const isNew = ({ seq }: Message) => seq > unread.after && seq <= unread.upTo;
  for (const entry of inOrder(timeline)) {
    const at = entry.created_at;
    const dayOfEntry = new Date(at).toDateString();
    if (dayOfEntry !== day) {
      day = dayOfEntry;
      rows.push({ kind: "day", key: `day-${day}`, at });
    }
    if ("kind" in entry) {
      rows.push({ kind: "notice", key: `notice-${entry.seq}`, change: entry });
      continue;
    }
    if (!isUnreadShown && isNew(entry) && entry.author.id !== me) {
      isUnreadShown = true;
      rows.push({ kind: "unread", key: "unread" });
    }
    const group = attempts0(timeline, entry);
    const message = group.find((attempt) => attempt.superseded !== true) ?? entry;
    rows.push({ kind: "message", key: entry.client_id ?? entry.message_id, message, attempts: group });
  }
  for (const reply of Object.values(running)) {
    // Another attempt is shown where the first one stands.
    if (reply.variantOf === undefined || !timeline.messages.has(reply.variantOf)) {
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
  const newest = timeline.order.slice(-NEWEST_LOOKED_AT);
  return newest.some((id) => timeline.messages.get(id)?.client_id === clientId);
}

/** Most messages have one attempt only; looking for others in a long conversation would be slow. */
function attempts0(timeline: Timeline, message: Message): readonly Message[] {
  return message.author.kind === "twin" && hasVariants(timeline, message) ? attempts(timeline, message) : [message];
}

const variants = new WeakMap<Timeline["messages"], Set<string>>();

function hasVariants(timeline: Timeline, message: Message): boolean {
  let firsts = variants.get(timeline.messages);
  if (firsts === undefined) {
    firsts = new Set();
    for (const { variant_of } of timeline.messages.values()) {
      if (variant_of !== undefined) {
        firsts.add(variant_of);
      }
    }
    variants.set(timeline.messages, firsts);
  }
  return firsts.has(message.message_id) || message.variant_of !== undefined;
}

/** Messages and notices by their `seq`; of several attempts at a reply only the first that is known. */
function inOrder(timeline: Timeline): (Message | Change)[] {
  const seen = new Set<string>();
  const messages: (Message | Change)[] = [];
  for (const id of timeline.order) {
    const message = timeline.messages.get(id);
    if (message === undefined) {
      continue;
    }
    const first = message.variant_of ?? message.message_id;
    if (!seen.has(first)) {
      seen.add(first);
      messages.push(message);
    }
  }
  if (timeline.notices.length === 0) {
    return messages;
  }
  return [...messages, ...timeline.notices].sort((a, b) => a.seq - b.seq);
}
