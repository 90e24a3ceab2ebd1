/** What the end of a connection means for who wants to come back: the table of close codes in docs/PROTOCOL.md. */

import type { Schemas } from "./frames.generated.ts";

/** A stable code for what went wrong. */
export type ErrorCode = Schemas["ErrorCode"];

/** What to do after a close. */
export type Recovery = "resume" | "reauthenticate" | "stop";

/** We closed it, or connecting again would end the same way: the client has a fault. */
const STOP: readonly number[] = [1000, 1002, 1003, 1007, 1009];

/** The token was refused, has expired or was revoked. */
const REAUTHENTICATE = 4401;

/** What a close code asks for; whatever is not in the table is a broken connection. */
export function recovery(code: number): Recovery {
  if (code === REAUTHENTICATE) {
    return "reauthenticate";
  }
  return STOP.includes(code) ? "stop" : "resume";
}

const PASSING: readonly ErrorCode[] = ["unavailable", "overloaded", "rate_limited", "limit_reached", "internal"];

/** Whether the server may be able to do on a new connection what it could not do now. */
export function mayPass(code: ErrorCode): boolean {
  return PASSING.includes(code);
}
