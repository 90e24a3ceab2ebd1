import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { changeDraft, decideDraft, draftWasSent, leaveDrafts, loadDrafts, refreshDrafts } from "@/state/drafts";
import { NOTHING_LIVE, useStore } from "@/state/store";
import { ANA, type Asked, browserLike, loggedIn, problem } from "./browser-like";

const ROOM = "room";
const ROUTE = `/api/v1/conversations/${ROOM}/draft`;

interface Kept {
  conversation_id: string;
  text: string;
  revision: number;
  changed_at: number;
}

let kept: Kept | undefined;
let isReachable: boolean;
let asked: Asked[];

/** A server that keeps one draft, and takes none that follows another revision than its own. */
function answer({ method, path, body }: Asked): [number, unknown?] | undefined {
  if (!isReachable) {
    return undefined;
  }
  if (path === "/api/v1/drafts") {
    return [200, { items: kept === undefined ? [] : [kept], next: null }];
  }
  if (path !== ROUTE) {
    return [200, loggedIn(1)];
  }
  if (method === "GET") {
    return kept === undefined ? [404, problem("not_found")] : [200, kept];
  }
  if (method === "DELETE") {
    kept = undefined;
    return [204];
  }
  const { text, revision } = body as { text: string; revision: number };
  if (revision !== (kept?.revision ?? 0)) {
    return [409, problem("conflict")];
  }
  const at = Date.now();
  kept = { conversation_id: ROOM, text, revision: at, changed_at: at };
  return [200, kept];
}

const draft = () => useStore.getState().drafts[ROOM];
const written = () =>
  asked.filter(({ method, path }) => path === ROUTE && method !== "GET").map(({ method }) => method);
const later = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  kept = undefined;
  isReachable = true;
  asked = browserLike(answer);
  localStorage.setItem("refresh_token", "refresh-1");
  useStore.setState({ ...NOTHING_LIVE, session: { name: "signed_in", me: ANA } });
  loadDrafts(ANA.id);
});

afterEach(() => {
  leaveDrafts();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a draft", () => {
  test("is kept in the browser at once and on the server a little later, once for many keys", async () => {
    for (const text of ["H", "He", "Hello"]) {
      changeDraft(ROOM, text, undefined);
    }
    expect(localStorage.getItem(`draft:${ANA.id}:${ROOM}`)).toContain("Hello");
    await later(1_999);
    expect(kept).toBeUndefined();
    await later(1);
    expect(kept?.text).toBe("Hello");
    expect(written()).toEqual(["PUT"]);
  });

  test("is nowhere any more when the message was sent", async () => {
    changeDraft(ROOM, "Hello", undefined);
    await later(2_000);
    draftWasSent(ROOM);
    await later(0);
    expect(kept).toBeUndefined();
    expect(localStorage.getItem(`draft:${ANA.id}:${ROOM}`)).toBeNull();
    expect(written()).toEqual(["PUT", "DELETE"]);
  });

  test("waits in the browser for a server that cannot be reached", async () => {
    isReachable = false;
    changeDraft(ROOM, "Hello", undefined);
    await later(10_000);
    expect(kept).toBeUndefined();
    isReachable = true;
    await later(15_000);
    expect(kept?.text).toBe("Hello");
  });

  test("that was written otherwise elsewhere is decided by a person, and nothing is lost", async () => {
    changeDraft(ROOM, "here", undefined);
    kept = { conversation_id: ROOM, text: "elsewhere", revision: 7, changed_at: 7 };
    await later(2_000);
    expect(draft()).toMatchObject({ text: "here", other: { text: "elsewhere", revision: 7 } });
    expect(kept.text).toBe("elsewhere");
    decideDraft(ROOM, "both");
    await later(0);
    expect(kept?.text).toBe("here\n\nelsewhere");
    expect(draft()?.other).toBeUndefined();
  });

  test("of another device is there when the connection is back, and gone when it is gone there", async () => {
    kept = { conversation_id: ROOM, text: "from the phone", revision: 7, changed_at: 7 };
    await refreshDrafts();
    expect(draft()?.text).toBe("from the phone");
    kept = undefined;
    await refreshDrafts();
    expect(draft()?.text).toBe("");
  });

  test("that the server has leaves the browser with its writer; one that it has not stays", async () => {
    changeDraft(ROOM, "saved", undefined);
    await later(2_000);
    changeDraft("other", "not saved", undefined);
    leaveDrafts();
    expect(localStorage.getItem(`draft:${ANA.id}:${ROOM}`)).toBeNull();
    expect(localStorage.getItem(`draft:${ANA.id}:other`)).toContain("not saved");
    useStore.setState({ drafts: {} });
    loadDrafts(ANA.id);
    expect(Object.keys(useStore.getState().drafts)).toEqual(["other"]);
  });
});
