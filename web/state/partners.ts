/** Who of a conversation talks, and who only watches. Pure. */

import type { Conversation, Member } from "./queries";

/** Whether somebody is there only to see what a twin of theirs says. */
export function isWatcher(member: Member): boolean {
  return member.kind !== "twin" && member.role === "watcher";
}

/** Those who talk. */
export function partiesOf(conversation: Pick<Conversation, "members">): Member[] {
  return conversation.members.filter((member) => !isWatcher(member));
}

/** The other one, where one is one of two. */
export function partnerOf(conversation: Pick<Conversation, "kind" | "members">, me: string): Member | undefined {
  const parties = partiesOf(conversation);
  const isOneOfTwo = conversation.kind === "direct" && parties.some((member) => member.id === me);
  return isOneOfTwo ? parties.find((member) => member.id !== me) : undefined;
}
