/** Replies that are being written: what has been said so far. */

import type { Schemas, ServerFrame } from "@/connection/index";

export interface RunningReply {
  messageId: string;
  author: Schemas["Author"];
  replyTo: string;
  /** The first attempt, when this is another one. */
  variantOf?: string;
  text: string;
  /** The twin's owner writes the rest. */
  takenOver: boolean;
}

type Replies = Readonly<Record<string, RunningReply>>;

/** A reply begins. */
export function begun(replies: Replies, frame: Extract<ServerFrame, { op: "message_start" }>): Replies {
  const reply: RunningReply = {
    messageId: frame.message_id,
    author: frame.author,
    replyTo: frame.reply_to,
    text: "",
    takenOver: false,
    ...(frame.variant_of === undefined ? {} : { variantOf: frame.variant_of }),
  };
  return { ...replies, [frame.message_id]: reply };
}

/** A piece follows; the connection sees to it that none is missing. At 0 the reply begins anew. */
export function continued(replies: Replies, frame: Extract<ServerFrame, { op: "delta" }>): Replies {
  const reply = replies[frame.message_id];
  if (reply === undefined) {
    return replies;
  }
  const text = frame.index === 0 ? frame.text : reply.text + frame.text;
  return { ...replies, [frame.message_id]: { ...reply, text } };
}

/** The twin's owner goes on. */
export function takenOver(replies: Replies, messageId: string): Replies {
  const reply = replies[messageId];
  return reply === undefined ? replies : { ...replies, [messageId]: { ...reply, takenOver: true } };
}

/** A reply is a message now, or gone. */
export function ended(replies: Replies, messageId: string): Replies {
  if (replies[messageId] === undefined) {
    return replies;
  }
  const { [messageId]: _, ...others } = replies;
  return others;
}
