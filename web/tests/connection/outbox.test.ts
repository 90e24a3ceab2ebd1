import { beforeEach, expect, test } from "vitest";
import { OUTBOX_ENTRIES_MAX, type OutboxEntry, OutboxFull, webStorageOutbox } from "@/connection/index";
import { Outbox } from "@/connection/outbox";

const text = (client_id: string, conversation_id = "c") =>
  ({ op: "send", conversation_id, client_id, text: client_id }) as const;

const ids = (outbox: Outbox, now: number) => outbox.takeDue(now).map((frame) => frame.client_id);

let outbox: Outbox;

beforeEach(() => {
  outbox = new Outbox();
  outbox.push(text("a"), 0);
  outbox.push(text("b"), 0);
});

test("what is sent to a conversation goes one after the other, and conversations do not wait for each other", () => {
  outbox.push(text("c", "other"), 0);
  expect(ids(outbox, 0)).toEqual(["a", "c"]);
  expect(ids(outbox, 0)).toEqual([]);
  outbox.acknowledged("a");
  expect(ids(outbox, 0)).toEqual(["b"]);
});

test("what is not answered is sent again after a while, or on a new connection", () => {
  expect(ids(outbox, 0)).toEqual(["a"]);
  expect(ids(outbox, 14_999)).toEqual([]);
  expect(ids(outbox, 15_000)).toEqual(["a"]);
  outbox.reconnected();
  expect(ids(outbox, 15_000)).toEqual(["a"]);
});

test("what is refused for now waits, and is not overtaken", () => {
  ids(outbox, 0);
  outbox.refused("a", { code: "rate_limited", message: "" }, 700, 0);
  expect(outbox.nextDue()).toBe(700);
  expect(ids(outbox, 699)).toEqual([]);
  expect(ids(outbox, 700)).toEqual(["a"]);
});

test("what is refused for good keeps its reason, and holds nobody up, until it is tried again or let go", () => {
  const refusal = { code: "too_large", message: "too long" } as const;
  ids(outbox, 0);
  outbox.refused("a", refusal, undefined, 0);
  expect(outbox.entries[0]?.refusal).toEqual(refusal);
  expect(ids(outbox, 0)).toEqual(["b"]);
  outbox.retry("a");
  expect(outbox.entries[0]?.refusal).toBeUndefined();
  expect(ids(outbox, 0)).toEqual(["a"]);
  outbox.discard("a");
  expect(outbox.entries.map(({ frame }) => frame.client_id)).toEqual(["b"]);
});

test("there is room for so many", () => {
  for (let count = outbox.entries.length; count < OUTBOX_ENTRIES_MAX; count += 1) {
    outbox.push(text(`more-${count}`), 0);
  }
  expect(() => outbox.push(text("one too many"), 0)).toThrow(OutboxFull);
});

test("what waits survives the program, for its owner only, and what is acknowledged does not come back", () => {
  const kept = new MapStorage();
  const first = new Outbox(webStorageOutbox(kept, "ana"));
  first.push(text("late"), 2);
  first.push(text("early"), 1);
  first.push(text("done"), 3);
  first.acknowledged("done");
  kept.setItem("outbox:ana:broken", "{");
  const again = new Outbox(webStorageOutbox(kept, "ana"));
  expect(again.entries.map(({ frame }: OutboxEntry) => frame.client_id)).toEqual(["early", "late"]);
  expect(new Outbox(webStorageOutbox(kept, "bo")).entries).toEqual([]);
});

class MapStorage implements Storage {
  private readonly map = new Map<string, string>();
  get length() {
    return this.map.size;
  }
  clear() {
    this.map.clear();
  }
  getItem(key: string) {
    return this.map.get(key) ?? null;
  }
  key(index: number) {
    return [...this.map.keys()][index] ?? null;
  }
  removeItem(key: string) {
    this.map.delete(key);
  }
  setItem(key: string, value: string) {
    this.map.set(key, value);
  }
}
