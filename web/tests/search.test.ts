import { describe, expect, test } from "vitest";
import { PAGE_TEXTS } from "@/i18n/pages";
import { joined } from "@/state/passages";
import { addressOf, isAsked, momentOf, piecesOf, wantedOf } from "@/state/search";
import type { Message } from "@/state/store";
import { EMPTY_TIMELINE, withPage } from "@/state/timeline";

describe("a search", () => {
  test("is said by the address, and by the same one again", () => {
    const wanted = wantedOf(new URLSearchParams("q=+spare+key+&has=image&in=&other=1&sort=best"));
    expect(wanted).toEqual({ q: "spare key", has: "image", sort: "best" });
    expect(addressOf(wanted)).toBe("/search?q=spare+key&has=image&sort=best");
    expect(addressOf({ q: "钥匙" })).toBe("/search?q=%E9%92%A5%E5%8C%99");
    expect(addressOf({})).toBe("/search");
    expect([isAsked({}), isAsked({ sort: "best" }), isAsked({ from: "me" })]).toEqual([false, false, true]);
  });

  test.each([
    ["the spare key", [[4, 9]], ["the ", "*spare", " key"]],
    ["备用钥匙在花盆下", [[2, 4]], ["备用", "*钥匙", "在花盆下"]],
    [
      "🔑🔑 key 🔑",
      [
        [0, 1],
        [3, 6],
      ],
      ["*🔑", "🔑 ", "*key", " 🔑"],
    ],
    ["nothing", [], ["nothing"]],
    ["all", [[0, 3]], ["*all"]],
  ])("shows what was found by code points: %s", (text, places, shown) => {
    const highlights = places.map(([start = 0, end = 0]) => ({ start, end }));
    const pieces = piecesOf(text, highlights).map((piece) => (piece.isFound ? `*${piece.text}` : piece.text));
    expect(pieces).toEqual(shown);
  });

  test("has days that begin where one is", () => {
    expect(momentOf("2026-01-31")).toBe(String(new Date(2026, 0, 31).getTime()));
    expect(momentOf(undefined)).toBeUndefined();
  });
});

test("a passage that touches the end of the log becomes a part of it, with its own beginning", () => {
  const message = (seq: number) =>
    ({ conversation_id: "c", seq, message_id: `m${seq}`, text: "", created_at: 0, ai_written: false }) as Message;
  const end = withPage(EMPTY_TIMELINE, [message(7), message(8)], "7");
  const passage = withPage(EMPTY_TIMELINE, [message(3), message(5), message(7)], "3");
  const whole = joined(end, passage);
  expect(whole.order.map(({ seq }) => seq)).toEqual([3, 5, 7, 8]);
  expect(whole.older).toBe("3");
  const inside = withPage(EMPTY_TIMELINE, [message(7)], "7");
  expect(joined(withPage(EMPTY_TIMELINE, [message(6), message(7)], null), inside).older).toBeNull();
});

test("the pages have every text in every language, and none is empty", () => {
  const shape = (texts: object): string[] =>
    Object.entries(texts).flatMap(([name, text]) =>
      typeof text === "object" ? shape(text).map((inner) => `${name}.${inner}`) : [`${name}:${typeof text}`],
    );
  expect(shape(PAGE_TEXTS["zh-CN"]).sort()).toEqual(shape(PAGE_TEXTS.en).sort());
  const words = (texts: object): unknown[] =>
    Object.values(texts).flatMap((text) => (typeof text === "object" ? words(text) : [text]));
  expect([...words(PAGE_TEXTS.en), ...words(PAGE_TEXTS["zh-CN"])]).not.toContain("");
});
