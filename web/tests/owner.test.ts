import { describe, expect, test } from "vitest";
import { partsBetween, partsOf } from "@/state/authorship";
import { partnerOf } from "@/state/partners";
import type { Conversation, Member } from "@/state/queries";
import { segmentsOf } from "@/state/quotes";
import { fieldsOf, realEdits } from "@/state/twin-edits";

describe("who wrote which part", () => {
  test("parts are counted in code points and placed in UTF-16 units", () => {
    const spans = [
      { by: "twin", chars: 3 },
      { by: "owner", chars: 2 },
    ] as const;
    const text = "a😀b🗝c";
    const parts = partsOf(text, spans);
    expect(parts.map(({ by, start, end }) => [by, text.slice(start, end)])).toEqual([
      ["twin", "a😀b"],
      ["owner", "🗝c"],
    ]);
  });

  test("a part is cut to what is asked for, and left out where nothing of it is", () => {
    const parts = [
      { by: "twin", start: 0, end: 4 },
      { by: "owner", start: 4, end: 9 },
    ] as const;
    expect(partsBetween(parts, 2, 6)).toEqual([
      { by: "twin", start: 2, end: 4 },
      { by: "owner", start: 4, end: 6 },
    ]);
    expect(partsBetween(parts, 4, 6)).toEqual([{ by: "owner", start: 4, end: 6 }]);
  });
});

describe("where a quote stands in a document", () => {
  const marked = (text: string, quote: string) =>
    segmentsOf(text, quote).flatMap((segment) => (segment.isQuoted ? [segment.text] : []));

  test.each([
    ["word for word", "One. The key is here. Two.", "The key is here.", ["The key is here."]],
    ["with other white space", "The key\n  is here, see?", "The key is here,", ["The key\n  is here,"]],
    [
      "without a sentence between",
      "The key is under it. It rains. The pot is blue today. End.",
      "The key is under it. The pot is blue today.",
      ["The key is under it.", "The pot is blue today."],
    ],
    ["in Chinese", "灯塔很高。钥匙在蓝色的花盆下面。下雨了。", "钥匙在蓝色的花盆下面。", ["钥匙在蓝色的花盆下面。"]],
    ["nowhere", "The key is here.", "Nothing like that at all", []],
    ["nowhere, as nothing is quoted", "The key is here.", "  ", []],
  ])("%s", (_, text, quote, expected) => {
    expect(marked(text, quote)).toEqual(expected);
    const whole = segmentsOf(text, quote).map((segment) => segment.text);
    expect(whole.join("")).toBe(text);
  });
});

test("an edit that brings back what is saved is none", () => {
  const saved = fieldsOf({
    id: "t",
    owner_id: "o",
    name: "Nora",
    persona: "I am Nora.",
    greeting: "",
    language: "",
    visibility: "private",
    oversight: false,
    created_at: 0,
    updated_at: 0,
  });
  expect(realEdits(saved, { name: "Nora", persona: "I am not." })).toEqual({ persona: "I am not." });
});

describe("the partner in a conversation of two", () => {
  const person = (id: string, role: "member" | "watcher"): Member => ({
    kind: "user",
    id,
    name: id,
    role,
    joined_at: 0,
  });
  const twin: Member = {
    kind: "twin",
    id: "nora",
    name: "Nora",
    joined_at: 0,
    oversight: true,
    mode: "auto",
    policy: "when_addressed",
  };
  const talk: Pick<Conversation, "kind" | "members"> = {
    kind: "direct",
    members: [twin, person("friend", "member"), person("owner", "watcher")],
  };

  test("is the other one of the two, whoever watches", () => {
    expect(partnerOf(talk, "friend")?.id).toBe("nora");
  });

  test("is nobody for who watches", () => {
    expect(partnerOf(talk, "owner")).toBeUndefined();
  });
});
