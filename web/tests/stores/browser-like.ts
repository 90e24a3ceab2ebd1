/** What the stores find in a browser, for tests that run without one: storage, a window, and a server that answers as it is told. */

import { vi } from "vitest";

/** What is asked of the server. */
export interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
  /** What JSON says; of a form, its files. */
  body: unknown;
  token: string | null;
}

/** A status and a body, or nothing for a server that cannot be reached. */
export type Answer = [status: number, body?: unknown] | undefined;

/** Answers a call, at once or later. */
export type Answers = (asked: Asked) => Answer | Promise<Answer>;

/** Stands in for a browser until the test is over; returns everything that was asked of the server. */
export function browserLike(answers: Answers): Asked[] {
  const asked: Asked[] = [];
  const kept = new Map<string, string>();
  // As in browsers, the keys are the object's own.
  const storage = new Proxy({} as Storage, {
    get: (_, name) =>
      ({
        length: kept.size,
        key: (place: number) => [...kept.keys()][place] ?? null,
        getItem: (key: string) => kept.get(key) ?? null,
        setItem: (key: string, value: string) => void kept.set(key, value),
        removeItem: (key: string) => void kept.delete(key),
      })[name as "length"],
    ownKeys: () => [...kept.keys()],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  });
  vi.stubGlobal("localStorage", storage);
  vi.stubGlobal("navigator", { languages: ["en"] });
  vi.stubGlobal("window", { location: new URL("http://house.example/") });
  vi.stubGlobal("fetch", async (input: string | Request, init?: RequestInit) => {
    const request = new Request(typeof input === "string" ? new URL(input, window.location.href) : input, init);
    const url = new URL(request.url);
    const call = {
      method: request.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: await bodyOf(request),
      token: request.headers.get("authorization"),
    };
    asked.push(call);
    const stopped = new Promise<never>((_, reject) => {
      request.signal.addEventListener("abort", () => reject(request.signal.reason));
    });
    const answer = await Promise.race([answers(call), stopped]);
    if (answer === undefined) {
      throw new TypeError("fetch failed");
    }
    const [status, body] = answer;
    return new Response(body === undefined ? null : JSON.stringify(body), { status });
  });
  return asked;
}

async function bodyOf(request: Request): Promise<unknown> {
  if (request.headers.get("content-type")?.startsWith("multipart/form-data")) {
    return [...(await request.formData()).values()];
  }
  const text = await request.text();
  return text === "" ? undefined : JSON.parse(text);
}

/** A file on its way by `XMLHttpRequest`, which the test says the fate of. */
export class Sent {
  readonly upload: { onprogress?: (event: { loaded: number }) => void } = {};
  readonly headers: Record<string, string> = {};
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;
  url = "";
  status = 0;
  statusText = "";
  responseText = "";
  file: File | undefined;
  isAborted = false;

  open(_method: string, url: string): void {
    this.url = url;
  }

  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }

  send(form: FormData): void {
    this.file = form.get("file") as File;
    arrived(this);
  }

  abort(): void {
    this.isAborted = true;
    this.onabort?.();
  }

  answer(status: number, body: unknown): void {
    this.status = status;
    this.responseText = JSON.stringify(body);
    this.onload?.();
  }
}

let arrived: (sent: Sent) => void = () => undefined;

/** Has files sent by `XMLHttpRequest` wait for their fate; returns what waits for the next one. */
export function filesLike(): { next(): Promise<Sent>; all: Sent[] } {
  const all: Sent[] = [];
  const waiting: ((sent: Sent) => void)[] = [];
  let taken = 0;
  arrived = (sent) => {
    all.push(sent);
    if (waiting.length > 0) {
      taken += 1;
      waiting.shift()?.(sent);
    }
  };
  vi.stubGlobal("XMLHttpRequest", Sent);
  const next = async (): Promise<Sent> => {
    const sent = all[taken];
    if (sent === undefined) {
      return new Promise((resolve) => waiting.push(resolve));
    }
    taken += 1;
    return sent;
  };
  return { next, all };
}

/** Waits until a store is as it should be. */
export function until<State>(
  store: { getState(): State; subscribe(listener: (state: State) => void): () => void },
  is: (state: State) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    if (is(store.getState())) {
      resolve();
      return;
    }
    const leave = store.subscribe((state) => {
      if (is(state)) {
        leave();
        resolve();
      }
    });
  });
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
