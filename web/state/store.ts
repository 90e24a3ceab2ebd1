/** The one store of what happens live; what is read over HTTP lives in the query cache. */

import { create } from "zustand";
import type { ConnectionState, OutboxEntry, Schemas } from "@/connection/index";
import type { Language, Texts } from "@/i18n";
import type { Draft } from "./draft";
import type { Jump, Passage } from "./passages";
import type { RunningReply } from "./replies";
import type { Timeline } from "./timeline";
import type { Upload } from "./uploads";

/** Who is signed in. */
export interface Me {
  id: string;
  email: string;
  name: string;
  /** Whether the person administers the server; the server asks itself each time. */
  is_admin: boolean;
}

/** Something that went wrong: a code of the protocol, and words of the server. */
export interface Problem {
  code: string;
  message: string;
}

export interface State {
  /** `unknown` until the server has said whether the browser's log-in is still good. */
  session: { name: "unknown" } | { name: "signed_out" } | { name: "signed_in"; me: Me };
  language: Language;
  /** Everything that the pages say in that language, once it is loaded. */
  texts: Texts | undefined;
  connection: ConnectionState;
  /** What waits for its acknowledgement. */
  outbox: readonly OutboxEntry[];
  /** The messages of conversations that were opened. */
  timelines: Readonly<Record<string, Timeline>>;
  /** Conversations that somebody reads in the middle, far from their end. */
  passages: Readonly<Record<string, Passage>>;
  /** The message that somebody was led to last, by conversation. */
  jumps: Readonly<Record<string, Jump>>;
  /** Replies that are being written, by conversation and message. */
  running: Readonly<Record<string, Readonly<Record<string, RunningReply>>>>;
  /** Until when somebody is shown as writing, by conversation and person, in milliseconds since 1970. */
  typing: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Who follows a conversation now. */
  online: Readonly<Record<string, readonly string[]>>;
  /** How far people have read, by conversation and person. */
  receipts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What one has begun to write, by conversation. */
  drafts: Readonly<Record<string, Draft>>;
  /** Files on their way, and those that wait to be sent. */
  uploads: readonly Upload[];
  /** The newest thing that went wrong, for a person to read. */
  notice: Problem | undefined;
}

/** What is there before anybody signs in. */
export const NOTHING_LIVE = {
  connection: { name: "connecting" },
  outbox: [],
  timelines: {},
  passages: {},
  jumps: {},
  running: {},
  typing: {},
  online: {},
  receipts: {},
  drafts: {},
  uploads: [],
  notice: undefined,
} as const satisfies Partial<State>;

export const useStore = create<State>(() => ({
  session: { name: "unknown" },
  language: "en",
  texts: undefined,
  ...NOTHING_LIVE,
}));

/** Who is signed in; pages behind the sign-in have somebody. */
export function useMe(): Me {
  const session = useStore((state) => state.session);
  if (session.name !== "signed_in") {
    throw new Error("nobody is signed in");
  }
  return session.me;
}

/** The newest attempt, message or author that a frame names. */
export type Author = Schemas["Author"];
export type Message = Schemas["Message"];
export type Change = Extract<Schemas["ServerChange"], { op: "change" }>;
