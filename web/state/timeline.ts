/** The messages of one conversation as they stand now: pages of the past, and what happens live. Pure. */

import type { Change, Message } from "./store";

export interface Timeline {
  readonly messages: ReadonlyMap<string, Message>;
  /** The ids of the messages by their `seq`. */
  readonly order: readonly string[];
  /** Changes of the conversation itself, by their `seq`. */
  readonly notices: readonly Change[];
  /** Where older messages begin: null when there are none, undefined until a page was read. */
  readonly older: string | null | undefined;
}

export const EMPTY_TIMELINE: Timeline = { messages: new Map(), order: [], notices: [], older: undefined };

/** Changes of the conversation itself, which are shown between the messages. */
export const CONVERSATION_CHANGES: readonly string[] = [
  "joined",
  "left",
  "removed",
  "banned",
  "role_set",
  "titled",
  "topic_set",
  "muted",
  "unmuted",
  "mode_set",
  "policy_set",
  "words_forbidden",
  "slow_mode_set",
];

/** A page of the past is read; what came live stays as it is, since it is not older. */
export function withPage(timeline: Timeline, items: readonly Message[], older: string | null): Timeline {
  const known = items.filter((message) => timeline.messages.has(message.message_id));
  return { ...withMessages(timeline, items, known), older };
}

/** A message is new, or told again as it stands now. */
export function withMessage(timeline: Timeline, message: Message): Timeline {
  const added = withMessages(timeline, [message], []);
  const counts = message.variant_of !== undefined && message.superseded !== true;
  return counts ? withChosen(added, message) : added;
}

/** The log has a change. To apply one again does no harm. */
export function withChange(timeline: Timeline, change: Change): Timeline {
  if (CONVERSATION_CHANGES.includes(change.kind)) {
    const isKnown = timeline.notices.some((notice) => notice.seq === change.seq);
    return isKnown ? timeline : { ...timeline, notices: [...timeline.notices, change] };
  }
  const message = "message_id" in change ? timeline.messages.get(change.message_id) : undefined;
  if (message === undefined) {
    return timeline;
  }
  switch (change.kind) {
    case "edited": {
      const { authorship: _, ...rest } = message;
      const authorship = change.authorship === undefined ? {} : { authorship: change.authorship };
      return withReplaced(timeline, [{ ...rest, ...authorship, text: change.text, edited_at: change.created_at }]);
    }
    case "deleted":
      return withDeleted(timeline, message, change.created_at);
    case "chosen":
      return withChosen(timeline, message);
    case "reacted":
      return withReplaced(timeline, [withReaction(message, change.emoji, change.author.id, true)]);
    case "unreacted":
      return withReplaced(timeline, [withReaction(message, change.emoji, change.author.id, false)]);
    case "pinned":
    case "unpinned":
      return withReplaced(timeline, [{ ...message, pinned: change.kind === "pinned" }]);
    default:
      return timeline;
  }
}

/** The attempts at the same reply that are known, oldest first. */
export function attempts(timeline: Timeline, message: Message): Message[] {
  const first = message.variant_of ?? message.message_id;
  return timeline.order
    .map((id) => timeline.messages.get(id))
    .filter((other): other is Message => other !== undefined)
    .filter((other) => (other.variant_of ?? other.message_id) === first);
}

function withMessages(timeline: Timeline, items: readonly Message[], known: readonly Message[]): Timeline {
  const added = items.filter((message) => !known.includes(message));
  const messages = new Map(timeline.messages);
  for (const message of added) {
    messages.set(message.message_id, message);
  }
  const seq = (id: string) => messages.get(id)?.seq ?? 0;
  const news = added.map((message) => message.message_id).filter((id) => !timeline.messages.has(id));
  const last = timeline.order.at(-1);
  const isBehind = last === undefined || news.every((id) => seq(id) > seq(last));
  const order = [...timeline.order, ...news];
  return { ...timeline, messages, order: isBehind && news.length < 2 ? order : order.sort((a, b) => seq(a) - seq(b)) };
}

function withReplaced(timeline: Timeline, changed: readonly Message[]): Timeline {
  const messages = new Map(timeline.messages);
  for (const message of changed) {
    messages.set(message.message_id, message);
  }
  return { ...timeline, messages };
}

/** This attempt counts; the others do not. */
function withChosen(timeline: Timeline, chosen: Message): Timeline {
  const group = attempts(timeline, chosen).map((message) => {
    const { superseded: _, ...rest } = message;
    return message.message_id === chosen.message_id ? rest : { ...rest, superseded: true };
  });
  return withReplaced(timeline, group);
}

function withDeleted(timeline: Timeline, message: Message, deletedAt: number): Timeline {
  const { sources: _s, authorship: _a, reactions: _r, attachments: _f, ...rest } = message;
  const deleted: Message = { ...rest, text: "", deleted_at: deletedAt };
  const without = withReplaced(timeline, [deleted]);
  if (message.superseded === true) {
    return without;
  }
  const next = attempts(without, message)
    .filter((other) => other.deleted_at === undefined && other.text !== "" && other.stop_reason !== "failed")
    .at(-1);
  return next === undefined ? without : withChosen(without, next);
}

function withReaction(message: Message, emoji: string, user: string, isThere: boolean): Message {
  const reactions = (message.reactions ?? []).map((reaction) => ({
    ...reaction,
    users: reaction.users.filter((other) => reaction.emoji !== emoji || other !== user),
  }));
  if (isThere) {
    const same = reactions.find((reaction) => reaction.emoji === emoji);
    if (same === undefined) {
      reactions.push({ emoji, users: [user] });
    } else {
      same.users = [...same.users, user];
    }
  }
  return { ...message, reactions: reactions.filter((reaction) => reaction.users.length > 0) };
}
