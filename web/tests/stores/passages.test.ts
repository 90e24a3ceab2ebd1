import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { jumpTo, jumpToEnd, readNewer, readOlderOfPassage } from "@/state/passages";
import { NOTHING_LIVE, useStore } from "@/state/store";
import { EMPTY_TIMELINE, withPage } from "@/state/timeline";
import { ANA, type Asked, browserLike, loggedIn, problem } from "./browser-like";

const ROOM = "room";
const PAGE = 100;

/** A log of 1,000 messages behind the API: pages before, after and around a place. */
const log = Array.from({ length: 1_000 }, (_, place) => ({
  conversation_id: ROOM,
  seq: place + 1,
  message_id: `m${place + 1}`,
  author: { kind: "user" as const, id: "bo", name: "Bo" },
  ai_written: false,
  created_at: 1_800_000_000_000,
  text: `text ${place + 1}`,
}));

function page(first: number, last: number) {
  const [from, to] = [Math.max(1, first), Math.min(log.length, last)];
  return {
    items: log.slice(from - 1, to),
    next: from > 1 ? String(from) : null,
    previous: to < log.length ? String(to) : null,
  };
}

function answer({ path, query }: Asked): [number, unknown] {
  if (path !== `/api/v1/conversations/${ROOM}/messages`) {
    return [200, loggedIn(1)];
  }
  const { around, after, before } = query;
  if (after !== undefined) {
    return [200, page(Number(after) + 1, Number(after) + PAGE)];
  }
  if (around !== undefined) {
    const seq = Number(around.slice(1));
    return log[seq - 1] === undefined ? [404, problem("not_found")] : [200, page(seq - PAGE / 2, seq + PAGE / 2 - 1)];
  }
  const last = before === undefined ? log.length : Number(before) - 1;
  return [200, page(last - PAGE + 1, last)];
}

const seqsOf = (order: readonly { seq: number }[] | undefined) => [order?.[0]?.seq, order?.at(-1)?.seq, order?.length];
const passage = () => useStore.getState().passages[ROOM]?.timeline.order;
const end = () => useStore.getState().timelines[ROOM]?.order;

let asked: Asked[];

beforeEach(() => {
  asked = browserLike(answer);
  localStorage.setItem("refresh_token", "refresh-1");
  const newest = page(901, 1_000);
  useStore.setState({
    ...NOTHING_LIVE,
    session: { name: "signed_in", me: ANA },
    timelines: { [ROOM]: withPage(EMPTY_TIMELINE, newest.items, newest.next) },
  });
});

afterEach(() => vi.unstubAllGlobals());

describe("somebody who is led to a message", () => {
  test("far from the end reads a part of its own, on in both directions", async () => {
    await jumpTo(ROOM, "m300");
    expect(seqsOf(passage())).toEqual([250, 349, 100]);
    expect(seqsOf(end())).toEqual([901, 1_000, 100]);
    expect(useStore.getState().jumps[ROOM]).toMatchObject({ message: "m300" });
    expect(await readOlderOfPassage(ROOM)).toBe(true);
    await readNewer(ROOM);
    expect(seqsOf(passage())).toEqual([150, 449, 300]);
  });

  test("reads forward until the part touches the end, and is at the end from then on", async () => {
    await jumpTo(ROOM, "m820");
    await readNewer(ROOM);
    expect(passage()).toBeUndefined();
    expect(seqsOf(end())).toEqual([770, 1_000, 231]);
    // What is before it is read from there.
    expect(useStore.getState().timelines[ROOM]?.older).toBe("770");
  });

  test("asks for nothing that is there already", async () => {
    await jumpTo(ROOM, "m950");
    expect(passage()).toBeUndefined();
    await jumpTo(ROOM, "m300");
    const before = asked.length;
    await jumpTo(ROOM, "m310");
    expect(asked.length).toBe(before);
    expect(seqsOf(passage())).toEqual([250, 349, 100]);
    jumpToEnd(ROOM);
    expect(passage()).toBeUndefined();
    expect(useStore.getState().jumps[ROOM]).toEqual({ count: 4, message: undefined });
  });

  test("is told when there is no such message", async () => {
    await expect(jumpTo(ROOM, "m5000")).rejects.toMatchObject({ status: 404 });
    expect(passage()).toBeUndefined();
    expect(useStore.getState().jumps[ROOM]).toBeUndefined();
  });
});

test("two readers of the same page of a passage have it once", async () => {
  await jumpTo(ROOM, "m300");
  await Promise.all([readNewer(ROOM), readNewer(ROOM), readOlderOfPassage(ROOM), readOlderOfPassage(ROOM)]);
  expect(seqsOf(passage())).toEqual([150, 449, 300]);
});
