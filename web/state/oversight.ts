/** What the owner of a twin does where it talks: watches, says how far it writes on its own, and writes in its place. */

import { infiniteQueryOptions } from "@tanstack/react-query";
import { type Api, body, http } from "./http";
import { newClientId, request, send } from "./live";
import { type Conversation, conversationsQuery, type Member, queries, type Twin } from "./queries";

export type TwinConversation = Api["TwinConversation"];
export type Mode = Api["TwinMode"];
export type Policy = Api["TwinPolicy"];
export type TwinMember = Extract<Member, { kind: "twin" }>;

/** From the one that writes least on its own to the one that writes all. */
export const MODES: readonly Mode[] = ["off", "draft", "ask", "auto"];

export const POLICIES: readonly Policy[] = ["never", "when_addressed", "when_confident"];

/** Whoever begins to talk with a twin does not say so to its owner. */
const TALKS_INTERVAL_MS = 10_000;

/** A reply stays its owner's for five minutes after the owner has last said so. */
const TAKEN_OVER_AGAIN_MS = 60_000;

const takenOverAt = new Map<string, number>();

/** Stops a reply that a twin of one's own is writing, in order to write the rest. */
export function takeOver(conversation: string, reply: string): void {
  takenOverAt.set(reply, Date.now());
  request({ op: "take_over", conversation_id: conversation, message_id: reply });
}

/** One is still writing the rest of a reply. */
export function keepTakenOver(conversation: string, reply: string): void {
  if ((takenOverAt.get(reply) ?? 0) + TAKEN_OVER_AGAIN_MS < Date.now()) {
    takeOver(conversation, reply);
  }
}

/** Writes in the place of a twin: the rest of a reply, or a message of its own. */
export function speak(spoken: { conversation: string; twin: string; text: string; reply?: string }): boolean {
  const rest = spoken.reply === undefined ? {} : { message_id: spoken.reply };
  return send({
    op: "speak",
    conversation_id: spoken.conversation,
    client_id: newClientId(),
    twin_id: spoken.twin,
    text: spoken.text,
    ...rest,
  });
}

/** Which of the twins of a conversation are one's own. */
export function ownTwinsIn(
  conversation: Pick<Conversation, "members">,
  twins: readonly Twin[],
  me: string,
): TwinMember[] {
  const own = new Set(twins.filter((twin) => twin.owner_id === me).map((twin) => twin.id));
  return conversation.members.filter((member) => member.kind === "twin").filter((member) => own.has(member.id));
}

/** Where a twin talks, those begun last first. */
export const talksQuery = (twin: string) =>
  infiniteQueryOptions({
    queryKey: ["talks", twin],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: before }) => {
      const query = before === undefined ? {} : { before };
      return body(http.GET("/api/v1/twins/{twin}/conversations", { params: { path: { twin }, query } }));
    },
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: TALKS_INTERVAL_MS,
  });

/** Begins to watch a conversation of one's twin, which everybody there sees. */
export async function watch(conversation: string, twin: string): Promise<void> {
  const params = { path: { conversation, twin } };
  await body(http.PUT("/api/v1/conversations/{conversation}/twins/{twin}/watch", { params }));
  await placesChanged(conversation, twin);
}

export async function stopWatching(conversation: string, twin: string): Promise<void> {
  const params = { path: { conversation, twin } };
  await body(http.DELETE("/api/v1/conversations/{conversation}/twins/{twin}/watch", { params }));
  await placesChanged(conversation, twin);
}

/** Says how far a twin writes on its own in a conversation. */
export async function setMode(conversation: string, twin: string, mode: Mode): Promise<void> {
  const params = { path: { conversation, twin } };
  await body(http.PUT("/api/v1/conversations/{conversation}/twins/{twin}/mode", { params, body: { mode } }));
  await placesChanged(conversation, twin);
}

/** Says when a twin answers in a room. */
export async function setPolicy(conversation: string, twin: string, policy: Policy): Promise<void> {
  const params = { path: { conversation, twin } };
  await body(http.PUT("/api/v1/conversations/{conversation}/twins/{twin}/policy", { params, body: { policy } }));
  await placesChanged(conversation, twin);
}

async function placesChanged(conversation: string, twin: string): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: talksQuery(twin).queryKey }),
    queries.invalidateQueries({ queryKey: ["conversation", conversation] }),
    queries.invalidateQueries({ queryKey: conversationsQuery.queryKey }),
  ]);
}
