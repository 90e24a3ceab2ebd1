/** The messages of one conversation as they stand now: pages of the past, and what happens live. Pure. */

import type { Change, Message } from "./store";

export interface Timeline {
  /** The messages by their `seq`. */
  readonly order: readonly Message[];
  /** The `seq` of each message by its id. It only grows, and later forms of the same timeline share it. */
  readonly seqs: ReadonlyMap<string, number>;
  /** Changes of the conversation itself, by their `seq`. */
  readonly notices: readonly Change[];
  /** Where older messages begin: null when there are none, undefined until a page was read. */
  readonly older: string | null | undefined;
}

export const EMPTY_TIMELINE: Timeline = { order: [], seqs: new Map(), notices: [], older: undefined };

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
  return { ...withNew(timeline, items), older };
}

/** A message is new, or told again as it stands now. */
export function withMessage(timeline: Timeline, message: Message): Timeline {
  const added = withReplaced(withNew(timeline, [message]), [message]);
  const counts = message.variant_of !== undefined && message.superseded !== true;
  return counts ? withChosen(added, message) : added;
}

/** The log has a change. To apply one again does no harm. */
export function withChange(timeline: Timeline, change: Change): Timeline {
  if (CONVERSATION_CHANGES.includes(change.kind)) {
    const isKnown = timeline.notices.some((notice) => notice.seq === change.seq);
    return isKnown ? timeline : { ...timeline, notices: [...timeline.notices, change] };
  }
  const message = "message_id" in change ? messageOf(timeline, change.message_id) : undefined;
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

/** The message with this id, if it is known. */
export function messageOf(timeline: Timeline, id: string): Message | undefined {
  return timeline.order[placeOf(timeline, id)];
}

/** The message that stands before it. */
export function messageBefore(timeline: Timeline, id: string): Message | undefined {
  return timeline.order[placeOf(timeline, id) - 1];
}

/** The attempts at the same reply that are known, oldest first. */
export function attempts(timeline: Timeline, message: Message): Message[] {
  return timeline.order.filter((other) => firstAttempt(other) === firstAttempt(message));
}

/** The id of the first attempt at the same reply. */
export function firstAttempt(message: Message): string {
  return message.variant_of ?? message.message_id;
}

/** Where a message stands in the order; -1 when it is not known. */
function placeOf({ order, seqs }: Timeline, id: string): number {
  const seq = seqs.get(id);
  if (seq === undefined) {
    return -1;
  }
  let [from, to] = [0, order.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((order[middle]?.seq ?? 0) < seq) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return order[from]?.message_id === id ? from : -1;
}

/** Adds those that are not known yet. Sorting a list that is in order but for one place takes one look at each. */
function withNew(timeline: Timeline, items: readonly Message[]): Timeline {
  const news = items.filter((message) => placeOf(timeline, message.message_id) === -1);
  const seqs = timeline.order.length === 0 ? new Map<string, number>() : (timeline.seqs as Map<string, number>);
  for (const { message_id, seq } of news) {
    seqs.set(message_id, seq);
  }
  const order = [...timeline.order, ...news].sort((a, b) => a.seq - b.seq);
  return { ...timeline, order, seqs };
}

function withReplaced(timeline: Timeline, changed: readonly Message[]): Timeline {
  const order = [...timeline.order];
  for (const message of changed) {
    const place = placeOf(timeline, message.message_id);
    if (place !== -1) {
      order[place] = message;
    }
  }
  return { ...timeline, order };
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
