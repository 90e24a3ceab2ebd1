/** An outbox that survives a reload, in a browser's `localStorage`. */

import type { OutboxEntry, OutboxStorage } from "./outbox.ts";

/** Keeps each entry under a key of its own; `owner` keeps accounts apart that share a browser. */
export function webStorageOutbox(storage: Storage, owner: string): OutboxStorage {
  const prefix = `outbox:${owner}:`;
  return {
    load() {
      const keys = Array.from({ length: storage.length }, (_, place) => storage.key(place));
      return keys.filter((key) => key?.startsWith(prefix)).flatMap((key) => parsed(storage.getItem(key as string)));
    },
    put(entry) {
      storage.setItem(prefix + entry.frame.client_id, JSON.stringify(entry));
    },
    remove(clientId) {
      storage.removeItem(prefix + clientId);
    },
  };
}

/** What cannot be read is left out: it is not ours. */
function parsed(text: string | null): OutboxEntry[] {
  try {
    const entry = JSON.parse(text ?? "") as OutboxEntry;
    return typeof entry.frame.client_id === "string" ? [entry] : [];
  } catch {
    return [];
  }
}
