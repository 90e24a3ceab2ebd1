/**
 * Signing in and staying signed in. The access token lives in memory only; the refresh token, which buys the next one,
 * has to survive a reload and lives in `localStorage`, since the API hands tokens out in bodies.
 */

import { OutboxFull } from "@/connection/index";
import { apiUrl } from "./settings";
import { type Me, NOTHING_LIVE, type Problem, useStore } from "./store";

/** The code of a problem with which no server answered. */
export const UNREACHABLE = "unreachable";

const REFRESH_TOKEN_KEY = "refresh_token";

/** A token that ends this soon is exchanged before it is used. */
const EXPIRY_MARGIN_MS = 30_000;

interface LoggedIn {
  access_token: string;
  expires_in: number;
  refresh_token: string;
  user: Me;
}

/** What the server answered instead; `code` is one of the protocol's. */
export class Refused extends Error {
  override name = "Refused";
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

/** What a person is told of an error. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Refused) {
    return { code: error.code, message: error.message };
  }
  if (error instanceof OutboxFull) {
    return { code: "limit_reached", message: error.message };
  }
  // Browsers say no more of a server that cannot be reached.
  return { code: UNREACHABLE, message: String(error) };
}

let access: { token: string; expiresAt: number } | undefined;
let exchanging: Promise<string | null> | undefined;

export function register(account: { email: string; name: string; password: string }): Promise<void> {
  return enter("/api/v1/auth/register", account);
}

export function signIn(account: { email: string; password: string }): Promise<void> {
  return enter("/api/v1/auth/login", account);
}

/** Ends the log-in here and, if the server can be reached, there. */
export async function signOut(): Promise<void> {
  const refreshToken = localStorage.getItem(REFRESH_TOKEN_KEY);
  forget();
  if (refreshToken !== null) {
    await post("/api/v1/auth/logout", { refresh_token: refreshToken }).catch(() => undefined);
  }
}

/**
 * An access token that is good, exchanged first if it must be; `refused` is one that the server did not take. Null when
 * nobody is signed in. Throws when the server cannot be asked.
 */
export function accessToken(refused?: string): Promise<string | null> {
  if (access !== undefined && access.token !== refused && access.expiresAt - EXPIRY_MARGIN_MS > Date.now()) {
    return Promise.resolve(access.token);
  }
  exchanging ??= alone(exchange).finally(() => {
    exchanging = undefined;
  });
  return exchanging;
}

/** The account is gone, or all its log-ins are. */
export function leaveSession(): void {
  forget();
}

/** The person is called otherwise now. */
export function renameMe(name: string): void {
  const { session } = useStore.getState();
  if (session.name === "signed_in") {
    useStore.setState({ session: { name: "signed_in", me: { ...session.me, name } } });
  }
}

/** Other tabs share the log-in: when one signs out, or somebody else in, so does this one. */
export function followOtherTabs(): () => void {
  const listener = (event: StorageEvent) => {
    if (event.key === REFRESH_TOKEN_KEY && event.newValue === null) {
      forget();
    }
  };
  window.addEventListener("storage", listener);
  return () => window.removeEventListener("storage", listener);
}

async function enter(path: string, account: object): Promise<void> {
  keep((await post(path, account)) as LoggedIn);
}

async function exchange(): Promise<string | null> {
  const refreshToken = localStorage.getItem(REFRESH_TOKEN_KEY);
  if (refreshToken === null) {
    forget();
    return null;
  }
  try {
    return keep((await post("/api/v1/auth/refresh", { refresh_token: refreshToken })) as LoggedIn);
  } catch (error) {
    if (error instanceof Refused && error.status === 401) {
      forget();
      return null;
    }
    throw error;
  }
}

/** One tab at a time exchanges the token, so that each finds the newest; without locks the server's grace period helps. */
async function alone(work: () => Promise<string | null>): Promise<string | null> {
  return navigator.locks === undefined ? work() : await navigator.locks.request(REFRESH_TOKEN_KEY, work);
}

function keep(loggedIn: LoggedIn): string {
  localStorage.setItem(REFRESH_TOKEN_KEY, loggedIn.refresh_token);
  access = { token: loggedIn.access_token, expiresAt: Date.now() + loggedIn.expires_in * 1_000 };
  const { session } = useStore.getState();
  const { id, email, name, is_admin } = loggedIn.user;
  if (session.name !== "signed_in" || session.me.id !== id) {
    useStore.setState({ ...NOTHING_LIVE, session: { name: "signed_in", me: { id, email, name, is_admin } } });
  } else if (session.me.is_admin !== is_admin) {
    useStore.setState({ session: { name: "signed_in", me: { ...session.me, is_admin } } });
  }
  return loggedIn.access_token;
}

function forget(): void {
  localStorage.removeItem(REFRESH_TOKEN_KEY);
  access = undefined;
  useStore.setState({ ...NOTHING_LIVE, session: { name: "signed_out" } });
  void endPush().catch(() => undefined);
}

/** This browser is told of nothing any more; the server forgets the subscription with the log-in. */
async function endPush(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration("/");
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}

async function post(path: string, body: object): Promise<unknown> {
  const answer = await fetch(apiUrl() + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  const said = text === "" ? undefined : JSON.parse(text);
  if (!answer.ok) {
    throw new Refused(answer.status, said?.code ?? "internal", said?.detail ?? answer.statusText);
  }
  return said;
}
