"use client";

import { useRouter, useSearchParams } from "next/navigation";
import type { MouseEvent } from "react";

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

/** What makes a link lead elsewhere without loading everything anew. Another page is loaded when somebody goes there. */
export function usePageLink(): (href: string) => { href: string; onClick: (event: MouseEvent) => void } {
  const router = useRouter();
  return (href) => ({
    href,
    onClick: (event) => {
      // A new tab or window is the browser's affair.
      if (!event.metaKey && !event.ctrlKey && !event.shiftKey) {
        event.preventDefault();
        if (new URL(href, window.location.href).pathname === window.location.pathname) {
          window.history.pushState(null, "", href);
        } else {
          router.push(href);
        }
      }
    },
  });
}
