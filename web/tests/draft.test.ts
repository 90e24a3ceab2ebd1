import { describe, expect, test } from "vitest";
import { type Draft, decided, isUnsaved, NO_DRAFT, told, typed } from "@/state/draft";

describe("a draft", () => {
  const saved: Draft = { ...NO_DRAFT, text: "one", revision: 5, seen: 5, saved: { text: "one" } };

  test("has to be told to the server when it is other than what the server has", () => {
    expect(isUnsaved(NO_DRAFT)).toBe(false);
    expect(isUnsaved(saved)).toBe(false);
    expect(isUnsaved(typed(saved, "one more", undefined))).toBe(true);
    expect(isUnsaved(typed(saved, "one", "m1"))).toBe(true);
    expect(isUnsaved(typed(saved, "", undefined))).toBe(true);
  });

  test("takes what was written elsewhere where nothing else was written here", () => {
    const news = { text: "two", reply_to: "m2", revision: 6, changed_at: 6 };
    const heard = told(saved, news);
    expect(heard).toMatchObject({ text: "two", replyTo: "m2", revision: 6 });
    expect(isUnsaved(heard)).toBe(false);
  });

  test("loses nothing of two texts until somebody has chosen", () => {
    const here = typed(saved, "one here", undefined);
    const both = told(here, { text: "one there", revision: 6, changed_at: 6 });
    expect(both).toMatchObject({ text: "one here", revision: 5, other: { text: "one there", revision: 6 } });
    const more = typed(both, "one here, too", undefined);
    expect(decided(more, "here")).toMatchObject({ text: "one here, too", revision: 6 });
    expect(decided(more, "elsewhere")).toMatchObject({ text: "one there", revision: 6 });
    expect(decided(more, "both")).toMatchObject({ text: "one here, too\n\none there", revision: 6 });
    for (const by of ["here", "elsewhere", "both"] as const) {
      expect(decided(more, by).other).toBeUndefined();
    }
    expect(isUnsaved(decided(more, "both"))).toBe(true);
    expect(isUnsaved(decided(more, "elsewhere"))).toBe(false);
  });

  test("knows its own words again, whichever comes first, the answer or the frame", () => {
    const writing = typed(saved, "one two three", undefined);
    const echo = told(writing, { text: "one two", revision: 7, changed_at: 7 }, "one two");
    expect(echo).toMatchObject({ text: "one two three", revision: 7 });
    expect(echo.other).toBeUndefined();
    expect(told(echo, { text: "one two", revision: 7, changed_at: 7 })).toBe(echo);
  });

  test("is gone when it was sent elsewhere, but not what was written here since", () => {
    expect(told(saved, { changed_at: 6 })).toMatchObject({ text: "", revision: 0 });
    const here = typed(saved, "another", undefined);
    expect(told(here, { changed_at: 6 })).toMatchObject({ text: "another", revision: 0 });
  });

  test("does not come back, and does not go, by what is told late", () => {
    const sent = told(typed(saved, "", undefined), { changed_at: 6 });
    expect(told(sent, { text: "one", revision: 5, changed_at: 5 })).toBe(sent);
    const next = told(typed(sent, "next", undefined), { text: "next", revision: 9, changed_at: 9 }, "next");
    expect(told(next, { changed_at: 8 })).toBe(next);
  });
});
