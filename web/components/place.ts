"use client";

import { useSearchParams } from "next/navigation";

/** Which conversation the address names. */
export function useConversationId(): string | null {
  return useSearchParams().get("id");
}

/** Which message of it the address leads to. */
export function useMessageId(): string | null {
  return useSearchParams().get("message");
}

/** Goes to a conversation, or to none, without asking the server for a page that is there already. */
export function goTo(id: string | null): void {
  window.history.pushState(null, "", id === null ? "/chat" : `/chat?id=${encodeURIComponent(id)}`);
}
