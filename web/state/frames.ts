/** What the server says, put into the store. */

import type { ConnectionEvent, ServerFrame } from "@/connection/index";
import { hearDraft } from "./drafts";
import { proposalCame, proposalGone } from "./proposals";
import { changeSummary, conversationsQuery, queries } from "./queries";
import { begun, continued, ended, takenOver } from "./replies";
import { type Change, type Message, type State, useStore } from "./store";
import { hearJob } from "./studio";
import { CONVERSATION_CHANGES, messageOf, type Timeline, withChange, withMessage } from "./timeline";
import { filesSentWith, wereSentWith } from "./uploads";

/** For how long somebody is shown as writing after the last word of it. */
const TYPING_MS = 6_000;

/** Characters of a message in the list of conversations. */
const PREVIEW_CHARS = 200;

export function apply(event: Extract<ConnectionEvent, { type: "frame" | "acknowledged" }>): void {
  if (event.type === "acknowledged") {
    acknowledged(event);
  } else {
    applyFrame(event.frame);
  }
}

function applyFrame(frame: ServerFrame): void {
  switch (frame.op) {
    case "message":
    case "message_done": {
      const { op: _, ...message } = frame;
      newMessage(message);
      return;
    }
    case "change":
      newChange(frame);
      return;
    case "proposal": {
      const { op: _, ...proposal } = frame;
      proposalCame(proposal);
      return;
    }
    case "message_start":
      set("running", frame.conversation_id, (replies = {}) => begun(replies, frame));
      return;
    case "delta":
      set("running", frame.conversation_id, (replies = {}) => continued(replies, frame));
      return;
    case "taken_over":
      set("running", frame.conversation_id, (replies = {}) => takenOver(replies, frame.message_id));
      return;
    case "typing":
      set("typing", frame.conversation_id, (typing = {}) => ({
        ...typing,
        [frame.user_id]: Date.now() + TYPING_MS,
      }));
      return;
    case "presence":
      set("online", frame.conversation_id, () => frame.online);
      return;
    case "receipt":
      set("receipts", frame.conversation_id, (receipts = {}) => ({
        ...receipts,
        [frame.user_id]: Math.max(receipts[frame.user_id] ?? 0, frame.seq),
      }));
      return;
    case "job":
      hearJob(frame);
      return;
    case "draft":
      hearDraft(frame.conversation_id, frame);
      return;
    case "membership":
      void queries.invalidateQueries({ queryKey: conversationsQuery.queryKey });
      void queries.invalidateQueries({ queryKey: ["conversation", frame.conversation_id] });
      return;
    case "error":
      useStore.setState({ notice: { code: frame.code, message: frame.message } });
      return;
    default:
  }
}

function newMessage(message: Message): void {
  const { conversation_id, message_id, author } = message;
  changeTimeline(conversation_id, (timeline) => withMessage(timeline, message));
  set("running", conversation_id, (replies = {}) => ended(replies, message_id));
  proposalGone(message);
  set("typing", conversation_id, (typing = {}) => without(typing, author.id));
  const { session } = useStore.getState();
  const isOwn = session.name === "signed_in" && session.me.id === author.id;
  changeSummary(conversation_id, (summary) =>
    message.seq <= summary.last_seq
      ? summary
      : {
          ...summary,
          last_seq: message.seq,
          active_at: message.created_at,
          unread: isOwn ? summary.unread : summary.unread + 1,
          last_message: { author, seq: message.seq, text: preview(message.text), created_at: message.created_at },
        },
  );
}

function newChange(change: Change): void {
  const id = change.conversation_id;
  changeTimeline(id, (timeline) => withChange(timeline, change));
  if ("message_id" in change) {
    changePassage(id, change);
  }
  changeSummary(id, (summary) => (change.seq <= summary.last_seq ? summary : { ...summary, last_seq: change.seq }));
  // Members, title or topic are other than they were read.
  if (CONVERSATION_CHANGES.includes(change.kind)) {
    void queries.invalidateQueries({ queryKey: ["conversation", id] });
    void queries.invalidateQueries({ queryKey: conversationsQuery.queryKey });
    void queries.invalidateQueries({ queryKey: ["talks"] });
  }
}

/** One's own message is committed: it stands in the log before the log says so. */
function acknowledged({ entry, frame }: Extract<ConnectionEvent, { type: "acknowledged" }>): void {
  const { session } = useStore.getState();
  const sent = entry.frame;
  if (sent.op !== "send" || session.name !== "signed_in") {
    return;
  }
  const message: Message = {
    conversation_id: sent.conversation_id,
    seq: frame.seq,
    message_id: frame.message_id,
    author: { kind: "user", id: session.me.id, name: session.me.name },
    ai_written: false,
    text: sent.text,
    created_at: Date.now(),
    client_id: sent.client_id,
    ...(sent.reply_to === undefined ? {} : { reply_to: sent.reply_to }),
    ...(sent.attachments === undefined ? {} : { attachments: filesSentWith(sent.client_id) }),
  };
  wereSentWith(sent.client_id);
  changeTimeline(sent.conversation_id, (timeline) =>
    messageOf(timeline, message.message_id) === undefined ? withMessage(timeline, message) : timeline,
  );
}

function changeTimeline(id: string, change: (timeline: Timeline) => Timeline): void {
  const { timelines } = useStore.getState();
  const timeline = timelines[id];
  // Conversations that nobody has opened are read when somebody does.
  if (timeline !== undefined) {
    useStore.setState({ timelines: { ...timelines, [id]: change(timeline) } });
  }
}

/** What somebody reads in the middle changes too; what is new comes at the end of the log and so not there. */
function changePassage(id: string, change: Change): void {
  const { passages } = useStore.getState();
  const passage = passages[id];
  if (passage !== undefined) {
    const timeline = withChange(passage.timeline, change);
    useStore.setState({ passages: { ...passages, [id]: { ...passage, timeline } } });
  }
}

type ByConversation = "running" | "typing" | "online" | "receipts";

function set<Key extends ByConversation>(
  key: Key,
  id: string,
  change: (value: State[Key][string] | undefined) => State[Key][string],
): void {
  const all = useStore.getState()[key];
  const value = change(all[id] as State[Key][string] | undefined);
  useStore.setState({ [key]: { ...all, [id]: value } } as unknown as Partial<State>);
}

function without(typing: Readonly<Record<string, number>>, user: string): Readonly<Record<string, number>> {
  const { [user]: _, ...others } = typing;
  return others;
}

function preview(text: string): string {
  return text.length > PREVIEW_CHARS ? `${text.slice(0, PREVIEW_CHARS)}…` : text;
}
