/** Who speaks: shown and read out on every message. */

import type { Message } from "./store";

/** A person, a program, a model, the person behind a twin, or both of them. */
export type Writer = "human" | "bot" | "twin" | "owner" | "twin_and_owner";

export function writerOf(message: Pick<Message, "author" | "ai_written" | "authorship">): Writer {
  switch (message.author.kind) {
    case "user":
      return "human";
    case "bot":
      return "bot";
    case "twin": {
      if (!message.ai_written) {
        return "owner";
      }
      const isShared = message.authorship?.some((span) => span.by === "owner") === true;
      return isShared ? "twin_and_owner" : "twin";
    }
  }
}
