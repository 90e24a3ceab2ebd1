import { expect, test } from "vitest";
import { Followed } from "@/connection/followed";
import type { ServerFrame } from "@/connection/index";

const conversation_id = "c";

function entry(seq: number): Extract<ServerFrame, { op: "message" }> {
  const author = { kind: "user", id: "u", name: "Ana" } as const;
  return {
    op: "message",
    conversation_id,
    seq,
    message_id: `m${seq}`,
    author,
    ai_written: false,
    text: "",
    created_at: 1,
  };
}

const start: Extract<ServerFrame, { op: "message_start" }> = {
  op: "message_start",
  conversation_id,
  message_id: "r",
  author: { kind: "twin", id: "t", name: "Ada" },
  ai_written: true,
  reply_to: "m1",
};

const piece = (index: number, text: string) =>
  ({ op: "delta", conversation_id, message_id: "r", index, text }) as const;

function live(lastSeq: number): Followed {
  const followed = new Followed(lastSeq);
  followed.subscribed(lastSeq);
  return followed;
}

test("each entry passes once, and a hole is a gap", () => {
  const followed = live(7);
  expect(followed.entry(entry(7))).toBe("skip");
  expect(followed.entry(entry(8))).toEqual({ pass: entry(8) });
  expect(followed.entry(entry(10))).toBe("gap");
  expect(followed.lastSeq).toBe(8);
  followed.catchUp();
  expect(followed.entry(entry(10))).toBe("skip");
  expect(followed.entry(entry(9))).toEqual({ pass: entry(9) });
});

test("following from now on begins where the server says", () => {
  const followed = new Followed(undefined);
  followed.subscribed(41);
  expect(followed.entry(entry(41))).toBe("skip");
  expect(followed.entry(entry(42))).toEqual({ pass: entry(42) });
});

test("the text so far that comes after a reconnection is not repeated", () => {
  const followed = live(1);
  expect(followed.start(start)).toEqual({ pass: start });
  expect(followed.delta(piece(0, "Grüße "))).toEqual({ pass: piece(0, "Grüße ") });
  followed.catchUp();
  expect(followed.start(start)).toBe("skip");
  expect(followed.delta(piece(0, "Grüße aus 🏝北京"))).toEqual({ pass: piece(6, "aus 🏝北京") });
  followed.subscribed(1);
  expect(followed.delta(piece(0, "Grüße"))).toBe("skip");
  expect(followed.delta(piece(13, "!"))).toEqual({ pass: piece(13, "!") });
});

test("a piece that does not follow is a gap", () => {
  const followed = live(1);
  expect(followed.delta(piece(3, "x"))).toBe("gap");
  followed.start(start);
  followed.delta(piece(0, "ab"));
  expect(followed.delta(piece(3, "d"))).toBe("gap");
  followed.catchUp();
  expect(followed.delta(piece(4, "e"))).toBe("skip");
});

test("a reply that was written again differently begins anew", () => {
  const followed = live(1);
  followed.start(start);
  followed.delta(piece(0, "The red "));
  expect(followed.delta(piece(4, "blue pot"))).toEqual({ pass: piece(0, "The blue pot") });
  expect(followed.delta(piece(12, "."))).toEqual({ pass: piece(12, ".") });
});
