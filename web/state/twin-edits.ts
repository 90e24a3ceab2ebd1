/** Changes of a twin that are not saved: kept in this browser, by whoever made them, until they are saved or discarded. */

import type { Twin } from "./queries";
import type { Visibility } from "./studio";

/** What an owner may change. */
export interface TwinFields {
  name: string;
  persona: string;
  greeting: string;
  language: string;
  visibility: Visibility;
  oversight: boolean;
}

export type TwinEdits = Partial<TwinFields>;

export function fieldsOf(twin: Twin): TwinFields {
  const { name, persona, greeting, language, visibility, oversight } = twin;
  return { name, persona: persona ?? "", greeting, language, visibility, oversight };
}

/** The edits that are different from what is saved. */
export function realEdits(saved: TwinFields, edits: TwinEdits): TwinEdits {
  const names = Object.keys(edits) as (keyof TwinFields)[];
  return Object.fromEntries(names.filter((name) => edits[name] !== saved[name]).map((name) => [name, edits[name]]));
}

export function loadEdits(storage: Storage, owner: string, twin: string): TwinEdits {
  const kept = storage.getItem(keyOf(owner, twin));
  return kept === null ? {} : (JSON.parse(kept) as TwinEdits);
}

export function keepEdits(storage: Storage, owner: string, twin: string, edits: TwinEdits): void {
  if (Object.keys(edits).length === 0) {
    storage.removeItem(keyOf(owner, twin));
  } else {
    storage.setItem(keyOf(owner, twin), JSON.stringify(edits));
  }
}

function keyOf(owner: string, twin: string): string {
  return `twin:${owner}:${twin}`;
}
