/** What a person does in a conversation. */

import { body, http } from "./http";
import { followAll, newClientId, request, send } from "./live";
import { partnerOf } from "./partners";
import {
  blocksQuery,
  type Conversation,
  changeSummary,
  conversationsQuery,
  feedbackQuery,
  type Level,
  levelQuery,
  queries,
  type Summary,
} from "./queries";
import { type Message, useStore } from "./store";
import { sendWith, type Upload } from "./uploads";

/** How often the others are told that one is writing. */
const TYPING_EVERY_MS = 3_000;

const typedAt = new Map<string, number>();

/** Sends a text, files, or both. */
export function sendText(conversation: string, text: string, replyTo?: string, files: readonly Upload[] = []): boolean {
  typedAt.delete(conversation);
  const client_id = newClientId();
  const answers = replyTo === undefined ? {} : { reply_to: replyTo };
  const attachments = files.length === 0 ? {} : { attachments: files.map(({ key }) => key) };
  const isTaken = send({ op: "send", conversation_id: conversation, client_id, text, ...answers, ...attachments });
  if (isTaken) {
    sendWith(client_id, files);
  }
  return isTaken;
}

export function editText(message: Message, text: string): boolean {
  return send({ op: "edit", ...addressed(message), text });
}

export function deleteMessage(message: Message): void {
  send({ op: "delete", ...addressed(message) });
}

/** Puts an emoji beside a message, or takes one's own back. */
export function toggleReaction(message: Message, emoji: string, isMine: boolean): void {
  send({ op: isMine ? "unreact" : "react", ...addressed(message), emoji });
}

/** Says which attempt at a reply counts. */
export function chooseAttempt(message: Message): void {
  send({ op: "choose", ...addressed(message) });
}

export function regenerate(message: Message): void {
  request({ op: "regenerate", conversation_id: message.conversation_id, message_id: message.message_id });
}

/** Has a twin go on with a reply that did not come to its end. */
export function continueReply(message: Message): void {
  request({ op: "continue", conversation_id: message.conversation_id, message_id: message.message_id });
}

export function stopReply(conversation: string, messageId: string): void {
  request({ op: "stop", conversation_id: conversation, message_id: messageId });
}

export function tellTyping(conversation: string): void {
  const now = Date.now();
  if (
    (typedAt.get(conversation) ?? 0) + TYPING_EVERY_MS < now &&
    request({ op: "typing", conversation_id: conversation })
  ) {
    typedAt.set(conversation, now);
  }
}

/** Says how far one has read; says whether it could. */
export function markRead(conversation: string, seq: number): boolean {
  if (request({ op: "read", conversation_id: conversation, seq }) === undefined) {
    return false;
  }
  changeSummary(conversation, (summary) => ({ ...summary, unread: 0, read_seq: Math.max(summary.read_seq, seq) }));
  return true;
}

export async function rate(message: Message, rating: "up" | "down" | null): Promise<void> {
  const route = "/api/v1/conversations/{conversation}/messages/{message}/feedback";
  const params = { path: { conversation: message.conversation_id, message: message.message_id } };
  await body(rating === null ? http.DELETE(route, { params }) : http.PUT(route, { params, body: { rating } }));
  queries.setQueryData(feedbackQuery(message.conversation_id, message.message_id).queryKey, rating);
}

/** The conversation of two with this twin or person: the one that there is, or a new one. */
export async function talkWith(other: { kind: "twin" | "user"; id: string }): Promise<string> {
  const list = await queries.ensureQueryData(conversationsQuery);
  const known = list.find((summary) => isBetweenTwo(summary, other.id));
  if (known !== undefined) {
    return known.id;
  }
  return begin(other.kind === "twin" ? { twins: [other.id] } : { members: [other.id] });
}

/** Another conversation with this twin, beside those that there are. */
export function beginAnew(twin: string): Promise<string> {
  return begin({ twins: [twin] });
}

export function beginRoom(title: string, twins: string[]): Promise<string> {
  return begin({ title, twins, kind: "room" });
}

/** Joins a room by the code of an invitation. */
export async function join(code: string): Promise<string> {
  const joined = await body(http.POST("/api/v1/invitations/{code}", { params: { path: { code } } }));
  return begun(joined);
}

/** A link by which others join, good for a week. */
export async function invitationLink(conversation: string): Promise<string> {
  const params = { path: { conversation } };
  const made = await body(http.POST("/api/v1/conversations/{conversation}/invitations", { params, body: {} }));
  return `${window.location.origin}/join?code=${encodeURIComponent(made.code)}`;
}

export async function bringTwin(conversation: string, twin: string): Promise<void> {
  const params = { path: { conversation } };
  await body(http.POST("/api/v1/conversations/{conversation}/members", { params, body: { twin_id: twin } }));
  await queries.invalidateQueries({ queryKey: ["conversation", conversation] });
}

/** Leaves a room, or puts somebody out of it. */
export async function removeMember(conversation: string, member: string): Promise<void> {
  const params = { path: { conversation, member } };
  await body(http.DELETE("/api/v1/conversations/{conversation}/members/{member}", { params }));
  await queries.invalidateQueries({ queryKey: conversationsQuery.queryKey });
}

/** Says what of a conversation one is told; null: what the settings say. */
export async function setLevel(conversation: string, level: Level | null): Promise<void> {
  const params = { path: { conversation } };
  await body(http.PUT("/api/v1/conversations/{conversation}/notifications", { params, body: { level } }));
  queries.setQueryData(levelQuery(conversation).queryKey, level);
}

/** Does not hear from a person, a twin or a bot any more, or does again. */
export async function setBlocked(id: string, isBlocked: boolean): Promise<void> {
  const params = { path: { id } };
  await body(isBlocked ? http.PUT("/api/v1/blocks/{id}", { params }) : http.DELETE("/api/v1/blocks/{id}", { params }));
  await queries.invalidateQueries({ queryKey: blocksQuery.queryKey });
}

function addressed(message: Message) {
  const { conversation_id, message_id } = message;
  return { conversation_id, message_id, client_id: newClientId() };
}

function isBetweenTwo(summary: Summary, other: string): boolean {
  const { session } = useStore.getState();
  const me = session.name === "signed_in" ? session.me.id : "";
  return partnerOf(summary, me)?.id === other;
}

async function begin(wanted: { title?: string; twins?: string[]; members?: string[]; kind?: "room" }): Promise<string> {
  return begun(await body(http.POST("/api/v1/conversations", { body: wanted })));
}

async function begun(conversation: Conversation): Promise<string> {
  await queries.invalidateQueries({ queryKey: conversationsQuery.queryKey });
  followAll(queries.getQueryData(conversationsQuery.queryKey) ?? []);
  return conversation.id;
}
