/** Replies of one's twins that wait for one's word. */

import { queryOptions } from "@tanstack/react-query";
import { body, http } from "./http";
import { queries } from "./queries";
import type { Message } from "./store";

/** The server tells of a reply that waits, and may fail to. */
const PROPOSALS_INTERVAL_MS = 15_000;

/** Replies that wait for their owner's word; oldest first. */
export const proposalsQuery = (twin: string) =>
  queryOptions({
    queryKey: ["proposals", twin],
    queryFn: async (): Promise<Message[]> =>
      (await body(http.GET("/api/v1/twins/{twin}/proposals", { params: { path: { twin } } }))).items,
    refetchInterval: PROPOSALS_INTERVAL_MS,
  });

/** What a reply that waits answers. */
export const questionQuery = ({ conversation_id: conversation, reply_to: around = "" }: Message) =>
  queryOptions({
    queryKey: ["question", around],
    queryFn: async (): Promise<Message | null> => {
      const params = { path: { conversation }, query: { around, limit: 1 } };
      const page = await body(http.GET("/api/v1/conversations/{conversation}/messages", { params }));
      return page.items.find((message) => message.message_id === around) ?? null;
    },
    enabled: around !== "",
  });

/** Sends a reply that waits for one's word, as it is or with another text. */
export async function approve(proposal: Message, text?: string): Promise<void> {
  const params = { path: { conversation: proposal.conversation_id, message: proposal.message_id } };
  const change = text === undefined ? {} : { text };
  await body(http.POST("/api/v1/conversations/{conversation}/proposals/{message}", { params, body: change }));
  proposalGone(proposal);
}

export async function dismiss(proposal: Message): Promise<void> {
  const params = { path: { conversation: proposal.conversation_id, message: proposal.message_id } };
  await body(http.DELETE("/api/v1/conversations/{conversation}/proposals/{message}", { params }));
  proposalGone(proposal);
}

/** The server tells of a reply that waits. Lists that nobody has read yet are read when somebody does. */
export function proposalCame(proposal: Message): void {
  queries.setQueryData(proposalsQuery(proposal.author.id).queryKey, (known) => [
    ...(known?.filter((other) => other.message_id !== proposal.message_id) ?? []),
    proposal,
  ]);
  void queries.invalidateQueries({ queryKey: proposalsQuery(proposal.author.id).queryKey });
}

/** A reply waits no longer: it was sent, here or on another device, or is not wanted. */
export function proposalGone({ author, message_id }: Pick<Message, "author" | "message_id">): void {
  queries.setQueryData(proposalsQuery(author.id).queryKey, (known) =>
    known?.filter((proposal) => proposal.message_id !== message_id),
  );
}
