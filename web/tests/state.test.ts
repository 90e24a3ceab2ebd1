import { describe, expect, test } from "vitest";
import { LANGUAGES, languageFor } from "@/i18n";
import { studioTextsOf } from "@/i18n/studio";
import { rowsOf } from "@/state/rows";
import type { Change, Message } from "@/state/store";
import {
  attempts,
  EMPTY_TIMELINE,
  messageOf,
  type Timeline,
  withChange,
  withMessage,
  withPage,
} from "@/state/timeline";
import { writerOf } from "@/state/writers";

const conversation_id = "c";
const ANA = { kind: "user", id: "ana", name: "Ana" } as const;
const ADA = { kind: "twin", id: "ada", name: "Ada" } as const;
const NOON = new Date(2026, 10, 26, 12).getTime();
const DAY_MS = 86_400_000;

function message(seq: number, more: Partial<Message> = {}): Message {
  const plain = { conversation_id, seq, message_id: `m${seq}`, author: ANA, ai_written: false, created_at: NOON };
  return { ...plain, text: `text ${seq}`, ...more };
}

function change(seq: number, what: object): Change {
  return { op: "change", conversation_id, seq, author: ANA, created_at: NOON, ...what } as Change;
}

const of = (...messages: Message[]) => messages.reduce(withMessage, EMPTY_TIMELINE);
const seqs = (timeline: Timeline) => timeline.order.map((message) => message.seq);

describe("a timeline", () => {
  test("has each message once and in order, whether it came live, by a page, or both", () => {
    const live = of(message(7), message(9));
    const read = withPage(live, [message(5), message(7), message(8)], "5");
    const older = withPage(read, [message(1), message(3)], null);
    expect(seqs(older)).toEqual([1, 3, 5, 7, 8, 9]);
    expect(older.older).toBeNull();
    expect(seqs(withMessage(older, message(8)))).toEqual([1, 3, 5, 7, 8, 9]);
  });

  test("keeps what was changed live when a page tells it as it was", () => {
    const edited = withChange(of(message(1)), change(2, { kind: "edited", message_id: "m1", text: "new" }));
    const read = withPage(edited, [message(1)], null);
    expect(messageOf(read, "m1")).toMatchObject({ text: "new", edited_at: NOON });
  });

  test("applies a change twice without harm", () => {
    const wave = change(2, { kind: "reacted", message_id: "m1", emoji: "👋" });
    const once = withChange(of(message(1)), wave);
    expect(messageOf(once, "m1")?.reactions).toEqual([{ emoji: "👋", users: ["ana"] }]);
    expect(withChange(once, wave)).toEqual(once);
    const back = withChange(once, change(3, { kind: "unreacted", message_id: "m1", emoji: "👋" }));
    expect(messageOf(back, "m1")?.reactions).toEqual([]);
    const joined = change(4, { kind: "joined", member: ANA });
    expect(withChange(withChange(back, joined), joined).notices).toHaveLength(1);
  });

  test("leaves nothing of what was deleted", () => {
    const source = { document_id: "d", document: "d", section: "", quote: "secret", score: 1 };
    const gone = withChange(of(message(1, { sources: [source] })), change(2, { kind: "deleted", message_id: "m1" }));
    expect(JSON.stringify(gone.order)).not.toMatch(/secret|text 1/);
    expect(messageOf(gone, "m1")?.deleted_at).toBe(NOON);
  });

  test("has one attempt at a reply that counts: the newest, the chosen, or the newest left that says something", () => {
    const reply = (seq: number, more: Partial<Message> = {}) =>
      message(seq, { author: ADA, ai_written: true, ...more });
    const failed = reply(4, { variant_of: "m2", stop_reason: "failed", superseded: true });
    const three = of(message(1), reply(2), reply(3, { variant_of: "m2" }), failed, reply(5, { variant_of: "m2" }));
    const counting = (timeline: Timeline) =>
      attempts(timeline, reply(2)).flatMap(({ seq, superseded }) => (superseded === true ? [] : [seq]));
    expect(counting(three)).toEqual([5]);
    const chosen = withChange(three, change(6, { kind: "chosen", message_id: "m2" }));
    expect(counting(chosen)).toEqual([2]);
    expect(counting(withChange(chosen, change(7, { kind: "deleted", message_id: "m2" })))).toEqual([5]);
    expect(counting(withChange(three, change(8, { kind: "deleted", message_id: "m5" })))).toEqual([3]);
  });
});

describe("the rows of a conversation", () => {
  const shown = { running: {}, waiting: [], unread: { after: 99, upTo: 0 }, me: "ana" };
  const kinds = (timeline: Timeline, more: Partial<Parameters<typeof rowsOf>[0]> = {}) =>
    rowsOf({ ...shown, timeline, ...more }).map((row) => row.kind);

  test("part the days, and what is new from what was read", () => {
    const days = of(message(1, { created_at: NOON - DAY_MS }), message(2), message(3, { author: ADA }), message(4));
    expect(kinds(days, { unread: { after: 2, upTo: 4 } })).toEqual([
      ...["day", "message", "day", "message"],
      ...["unread", "message", "message"],
    ]);
    expect(kinds(days, { unread: { after: 2, upTo: 2 } })).not.toContain("unread");
  });

  test("show the attempts at a reply in one place, also one that is being written", () => {
    const two = of(message(1), message(2, { author: ADA }), message(3), message(4, { author: ADA, variant_of: "m2" }));
    const rows = rowsOf({ ...shown, timeline: two });
    expect(rows.map((row) => (row.kind === "message" ? row.message.message_id : row.kind))).toEqual([
      ...["day", "m1", "m4", "m3"],
    ]);
    const writing = { messageId: "m5", author: ADA, replyTo: "m1", text: "", takenOver: false };
    expect(kinds(two, { running: { m5: { ...writing, variantOf: "m2" } } })).not.toContain("running");
    expect(kinds(two, { running: { m5: writing } }).at(-1)).toBe("running");
  });

  test("show several attempts in one place, though the first one stands in an older page", () => {
    const attempt = (seq: number) => message(seq, { author: ADA, variant_of: "m2" });
    const late = of(message(3), attempt(4), attempt(5));
    expect(kinds(late)).toEqual(["day", "message", "message"]);
    expect(kinds(withPage(late, [message(1), message(2, { author: ADA })], null))).toEqual([
      ...["day", "message", "message", "message"],
    ]);
  });

  test("end with what waits to be sent", () => {
    const frame = { op: "send", conversation_id, client_id: "x", text: "later" } as const;
    const edit = { op: "edit", conversation_id, client_id: "y", message_id: "m1", text: "other" } as const;
    const waiting = [frame, edit].map((each) => ({ frame: each, queuedAt: NOON }));
    expect(kinds(of(message(1)), { waiting })).toEqual(["day", "message", "waiting"]);
  });

  test("have what is in the log already once, though its acknowledgement is still to come", () => {
    const frame = { op: "send", conversation_id, client_id: "x", text: "text 1" } as const;
    const waiting = [{ frame, queuedAt: NOON }];
    expect(kinds(of(message(1, { client_id: "x" })), { waiting })).toEqual(["day", "message"]);
  });

  test("are found among a hundred thousand messages", () => {
    const many = Array.from({ length: 100_000 }, (_, place) => message(place + 1));
    const timeline = withPage(EMPTY_TIMELINE, many, null);
    expect(rowsOf({ ...shown, timeline })).toHaveLength(100_001);
  });
});

test.each([
  [message(1), "human"],
  [message(1, { author: { kind: "bot", id: "b", name: "Bot" } }), "bot"],
  [message(1, { author: ADA, ai_written: true }), "twin"],
  [message(1, { author: ADA, ai_written: false }), "owner"],
  [
    message(1, {
      author: ADA,
      ai_written: true,
      authorship: [
        { by: "twin", chars: 2 },
        { by: "owner", chars: 4 },
      ],
    }),
    "twin_and_owner",
  ],
])("who writes is told apart: %#", (written, writer) => {
  expect(writerOf(written)).toBe(writer);
});

test("every language has every text, and none is empty", async () => {
  const shape = (texts: object): string[] =>
    Object.entries(texts).flatMap(([name, text]) =>
      typeof text === "object" ? shape(text).map((inner) => `${name}.${inner}`) : [`${name}:${typeof text}`],
    );
  const loaded = await Promise.all(LANGUAGES.map(({ load }) => load()));
  for (const all of [loaded, LANGUAGES.map(({ language }) => studioTextsOf(language))]) {
    const [first, ...others] = all.map(shape);
    for (const other of others) {
      expect(other.sort()).toEqual(first?.sort());
    }
    for (const texts of all) {
      expect(Object.values(texts).filter((text) => text === "")).toEqual([]);
    }
  }
});

test("the language is the one that is preferred", () => {
  expect(languageFor(["fr", "zh-TW", "en"])).toBe("zh-CN");
  expect(languageFor(["en-GB", "zh"])).toBe("en");
  expect(languageFor(["fr"])).toBe("en");
});
