/** What conversations and people are called. */

import type { Conversation, Member } from "@/state/queries";

/** Its title, or the names of the others. */
export function titleOf(conversation: Pick<Conversation, "title" | "members">, me: string): string {
  if (conversation.title !== null) {
    return conversation.title;
  }
  const others = conversation.members.filter((member) => member.id !== me);
  return (others.length > 0 ? others : conversation.members).map((member) => member.name).join(", ");
}

/** The other one, where there are two. */
export function partnerOf(conversation: Pick<Conversation, "kind" | "members">, me: string): Member | undefined {
  return conversation.kind === "direct" ? conversation.members.find((member) => member.id !== me) : undefined;
}
