/** What conversations are called. */

import { partiesOf } from "@/state/partners";
import type { Conversation } from "@/state/queries";

/** Its title, or the names of the others. */
export function titleOf(conversation: Pick<Conversation, "title" | "members">, me: string): string {
  if (conversation.title !== null) {
    return conversation.title;
  }
  const others = partiesOf(conversation).filter((member) => member.id !== me);
  return (others.length > 0 ? others : conversation.members).map((member) => member.name).join(", ");
}
