import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import type { ServerFrame } from "@/connection/index";
import { apply } from "@/state/frames";
import { conversationsQuery, queries, type Summary } from "@/state/queries";
import { NOTHING_LIVE, useStore } from "@/state/store";
import { EMPTY_TIMELINE } from "@/state/timeline";
import { ANA } from "./browser-like";

interface Golden {
  name: string;
  frame: ServerFrame;
}

const golden: Golden[] = JSON.parse(
  readFileSync(new URL("../../../protocol/fixtures/server_frames.json", import.meta.url), "utf8"),
);

/** The golden frame of this name. */
function frame<Op extends ServerFrame["op"]>(name: string): Extract<ServerFrame, { op: Op }> {
  const found = golden.find((each) => each.name === name);
  if (found === undefined) {
    throw new Error(`there is no golden frame ${name}`);
  }
  return found.frame as Extract<ServerFrame, { op: Op }>;
}

const hear = (heard: ServerFrame) => apply({ type: "frame", frame: heard });
const room = frame<"message">("message of somebody else").conversation_id;
const timeline = () => useStore.getState().timelines[room];
const summary = () => queries.getQueryData(conversationsQuery.queryKey)?.[0];

beforeEach(() => {
  queries.clear();
  const listed = { id: room, last_seq: 41, unread: 0, read_seq: 41 } as unknown as Summary;
  queries.setQueryData(conversationsQuery.queryKey, [listed]);
  useStore.setState({
    ...NOTHING_LIVE,
    session: { name: "signed_in", me: ANA },
    timelines: { [room]: { ...EMPTY_TIMELINE, older: null } },
    notice: undefined,
  });
});

describe("what the server says", () => {
  test.each(golden)("has its place, and does no harm the second time: $name", ({ frame: heard }) => {
    hear(heard);
    const once = useStore.getState();
    hear(heard);
    const twice = useStore.getState();
    expect(twice.timelines).toEqual(once.timelines);
    expect(twice.online).toEqual(once.online);
    expect(twice.receipts).toEqual(once.receipts);
    expect(summary()?.unread).toBeLessThanOrEqual(1);
  });

  test("a message stands in its conversation, and the list has its newest", () => {
    const message = frame<"message">("message of somebody else");
    hear(message);
    expect(timeline()?.order.map(({ seq, text }) => [seq, text])).toEqual([[message.seq, message.text]]);
    expect(summary()).toMatchObject({ last_seq: message.seq, unread: 1, last_message: { text: message.text } });
    // One's own are read.
    const own = { ...message, seq: 43, message_id: "own", author: { ...message.author, id: ANA.id } };
    hear(own as ServerFrame);
    expect(summary()).toMatchObject({ last_seq: 43, unread: 1 });
  });

  test("nothing is kept of a conversation that nobody has opened but its place in the list", () => {
    useStore.setState({ timelines: {} });
    hear(frame("message of somebody else"));
    expect(useStore.getState().timelines).toEqual({});
    expect(summary()?.unread).toBe(1);
  });

  test("a reply grows piece by piece, and is a message when it is done", () => {
    const start = frame<"message_start">("message_start");
    const running = () => useStore.getState().running[room]?.[start.message_id];
    hear(start);
    hear(frame("delta, the first"));
    hear(frame("delta, the next"));
    expect(running()?.text).toBe("Under the blue pot on the porch.");
    const done = golden.find(
      ({ frame: each }) => each.op === "message_done" && each.message_id === start.message_id,
    )?.frame;
    hear(done as ServerFrame);
    expect(running()).toBeUndefined();
    expect(timeline()?.order).toHaveLength(1);
  });

  test("who writes is shown until the message comes, and nobody unreads what was read", () => {
    const typing = frame<"typing">("typing");
    const message = frame<"message">("message of somebody else");
    hear(typing);
    expect(Object.keys(useStore.getState().typing[room] ?? {})).toEqual([typing.user_id]);
    hear({ ...message, author: { ...message.author, id: typing.user_id } } as ServerFrame);
    expect(useStore.getState().typing[room]).toEqual({});
    const receipt = frame<"receipt">("receipt");
    hear(receipt);
    hear({ ...receipt, seq: receipt.seq - 1 });
    expect(useStore.getState().receipts[room]).toEqual({ [receipt.user_id]: receipt.seq });
  });

  test("what goes wrong is for a person to read", () => {
    hear(frame("rate_limited"));
    expect(useStore.getState().notice).toEqual({
      code: "rate_limited",
      message: "what was wrong, for a person to read",
    });
  });

  test("one's own message stands in the log as soon as it is acknowledged, and once when the log tells it", () => {
    const own = frame<"message">("message of one's own");
    const { client_id = "", text } = own;
    const entry = { frame: { op: "send" as const, conversation_id: room, client_id, text } };
    const ack = { ...frame<"ack">("ack"), client_id, seq: own.seq, message_id: own.message_id };
    apply({ type: "acknowledged", entry, frame: ack } as Parameters<typeof apply>[0]);
    expect(timeline()?.order).toMatchObject([{ seq: own.seq, text, author: { id: ANA.id } }]);
    hear(own);
    expect(timeline()?.order).toHaveLength(1);
  });
});
