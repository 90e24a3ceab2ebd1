/** What the stores find in a browser, for tests that run without one: storage, a window, and a server that answers as it is told. */

import { vi } from "vitest";

/** What is asked of the server. */
export interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  token: string | null;
}

/** Answers a call: a status and a body, or nothing for a server that cannot be reached. */
export type Answers = (asked: Asked) => [status: number, body?: unknown] | undefined;

/** Stands in for a browser until the test is over; returns everything that was asked of the server. */
export function browserLike(answers: Answers): Asked[] {
  const asked: Asked[] = [];
  const kept = new Map<string, string>();
  // As in browsers, the keys are the object's own.
  const storage = new Proxy({} as Storage, {
    get: (_, name) =>
      ({
        getItem: (key: string) => kept.get(key) ?? null,
        setItem: (key: string, value: string) => void kept.set(key, value),
        removeItem: (key: string) => void kept.delete(key),
      })[name as "getItem"],
    ownKeys: () => [...kept.keys()],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  });
  vi.stubGlobal("localStorage", storage);
  vi.stubGlobal("navigator", { languages: ["en"] });
  vi.stubGlobal("window", { location: new URL("http://house.example/") });
  vi.stubGlobal("fetch", async (input: string | Request, init?: RequestInit) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const text = await request.text();
    const call = {
      method: request.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: text === "" ? undefined : JSON.parse(text),
      token: request.headers.get("authorization"),
    };
    asked.push(call);
    const answer = answers(call);
    if (answer === undefined) {
      throw new TypeError("fetch failed");
    }
    const [status, body] = answer;
    return new Response(body === undefined ? null : JSON.stringify(body), { status });
  });
  return asked;
}

/** A refusal as the server writes it. */
export function problem(code: string): { code: string; detail: string } {
  return { code, detail: `${code}, in words` };
}

/** What the server hands out with a log-in. */
export function loggedIn(number: number, user = ANA): unknown {
  return { access_token: `access-${number}`, expires_in: 3_600, refresh_token: `refresh-${number}`, user };
}

export const ANA = { id: "ana", email: "ana@example.com", name: "Ana", is_admin: false };
