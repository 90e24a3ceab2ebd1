import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ANA, type Answers, type Asked, browserLike, loggedIn, problem } from "./browser-like";

// The access token lives in the module, and each test wants one of its own.
type Session = typeof import("@/state/session");
let session: Session;
let store: typeof import("@/state/store");

async function start(answers: Answers): Promise<Asked[]> {
  const asked = browserLike(answers);
  session = await import("@/state/session");
  store = await import("@/state/store");
  return asked;
}

const state = () => store.useStore.getState().session;

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A server that exchanges each refresh token once, for the next. */
function exchanging(): Answers {
  let number = 1;
  return ({ path, body }) => {
    if (path === "/api/v1/auth/login") {
      return [200, loggedIn(number)];
    }
    const isNewest = (body as { refresh_token: string }).refresh_token === `refresh-${number}`;
    if (path === "/api/v1/auth/refresh" && isNewest) {
      number += 1;
      return [200, loggedIn(number)];
    }
    return [401, problem("unauthenticated")];
  };
}

describe("a session", () => {
  test("gives its access token as long as that is good, and exchanges it once for all who ask at a time", async () => {
    const asked = await start(exchanging());
    await session.signIn({ email: ANA.email, password: "secret" });
    expect(state()).toEqual({ name: "signed_in", me: ANA });
    expect(await session.accessToken()).toBe("access-1");
    expect(asked).toHaveLength(1);
    // Half a minute before its end it is exchanged.
    vi.setSystemTime(Date.now() + 3_600_000 - 29_000);
    const tokens = await Promise.all([session.accessToken(), session.accessToken(), session.accessToken()]);
    expect(tokens).toEqual(["access-2", "access-2", "access-2"]);
    expect(asked.map(({ path }) => path)).toEqual(["/api/v1/auth/login", "/api/v1/auth/refresh"]);
    // A token that the server does not take is exchanged at once.
    expect(await session.accessToken("access-2")).toBe("access-3");
    expect(await session.accessToken("access-2")).toBe("access-3");
  });

  test("survives a reload, and ends when its token is refused", async () => {
    let isRefused = false;
    await start(() => (isRefused ? [401, problem("unauthenticated")] : [200, loggedIn(2)]));
    localStorage.setItem("refresh_token", "refresh-1");
    expect(await session.accessToken()).toBe("access-2");
    expect(localStorage.getItem("refresh_token")).toBe("refresh-2");
    isRefused = true;
    expect(await session.accessToken("access-2")).toBeNull();
    expect(state()).toEqual({ name: "signed_out" });
    expect(localStorage.getItem("refresh_token")).toBeNull();
  });

  test("outlasts a server that cannot be reached or has no time", async () => {
    const answers: (ReturnType<Answers> | undefined)[] = [undefined, [503, problem("overloaded")], [200, loggedIn(2)]];
    await start(() => answers.shift());
    localStorage.setItem("refresh_token", "refresh-1");
    await expect(session.accessToken()).rejects.toThrow("fetch failed");
    await expect(session.accessToken()).rejects.toMatchObject({ status: 503, code: "overloaded" });
    expect(state()).toEqual({ name: "unknown" });
    expect(await session.accessToken()).toBe("access-2");
  });

  test("ends here though the server cannot be told", async () => {
    const asked = await start(({ path }) => (path === "/api/v1/auth/login" ? [200, loggedIn(1)] : undefined));
    await session.signIn({ email: ANA.email, password: "secret" });
    await session.signOut();
    expect(state()).toEqual({ name: "signed_out" });
    expect(asked.at(-1)).toMatchObject({ path: "/api/v1/auth/logout", body: { refresh_token: "refresh-1" } });
    expect(await session.accessToken()).toBeNull();
  });

  test("keeps what is live when the same person comes again, and learns of rights that were granted meanwhile", async () => {
    let user = ANA;
    await start(() => [200, loggedIn(1, user)]);
    await session.signIn({ email: ANA.email, password: "secret" });
    store.useStore.setState({ online: { room: ["bo"] } });
    user = { ...ANA, is_admin: true };
    await session.accessToken("access-1");
    expect(state()).toEqual({ name: "signed_in", me: user });
    expect(store.useStore.getState().online).toEqual({ room: ["bo"] });
    user = { ...ANA, id: "bo", name: "Bo" };
    await session.signIn({ email: "bo@example.com", password: "secret" });
    expect(state()).toEqual({ name: "signed_in", me: user });
    expect(store.useStore.getState().online).toEqual({});
  });

  test("tells what the server said of a refusal, and what to say where it said nothing", async () => {
    await start(() => [403, problem("forbidden")]);
    const refused = await session.signIn({ email: ANA.email, password: "secret" }).catch((error: unknown) => error);
    expect(session.problemOf(refused)).toEqual({ code: "forbidden", message: "forbidden, in words" });
    expect(session.problemOf(new TypeError("fetch failed")).code).toBe(session.UNREACHABLE);
  });
});
