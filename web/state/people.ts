/** Whom one can name: people from one's conversations, and groups of them. Pure. */

import type { Api } from "./http";
import type { Conversation } from "./queries";

export type Audience = Api["Audience"];
export type Group = Api["Group"];
/** Audiences that name nobody. */
export type NewAudience = Api["NewAudience"];

export interface Person {
  readonly id: string;
  readonly name: string;
}

/** People whom one shares a conversation with, each once, by name; oneself is not among them. */
export function acquaintancesOf(conversations: readonly Pick<Conversation, "members">[], me: string): Person[] {
  const members = conversations.flatMap((conversation) => conversation.members);
  return eachOnce(members.filter((member) => member.kind === "user" && member.id !== me));
}

/** Each person once, by name. */
export function eachOnce(people: readonly Person[]): Person[] {
  const byId = new Map(people.map(({ id, name }) => [id, { id, name }]));
  return [...byId.values()].sort((left, right) => left.name.localeCompare(right.name));
}

/** The ids of all that an audience names, or nothing where it names nobody. */
export function namedIn(audience: Audience): { people: string[]; groups: string[] } {
  return audience.kind === "people"
    ? { people: audience.people ?? [], groups: audience.groups ?? [] }
    : { people: [], groups: [] };
}

/** Those who are chosen, with one more or one fewer. */
export function toggled(chosen: readonly string[], id: string): string[] {
  return chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id];
}

/** Whom a twin tells a new document, where its owner does not say so: whoever may talk with it. */
export function audienceOf(visibility: Api["Visibility"]): NewAudience {
  return visibility === "private" ? "owner" : visibility;
}
