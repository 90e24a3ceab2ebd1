"use client";

import { useEffect } from "react";
import { ConnectionBanner } from "./connection-banner";
import { ConversationView } from "./conversation-view";
import { Home } from "./home";
import { useLiveConversations } from "./live-conversations";
import { Notice } from "./notice";
import { goTo, useConversationId } from "./place";
import { Sidebar } from "./sidebar";
import classes from "./workspace.module.css";

/** The list of conversations beside the one that is open; on a phone one or the other. */
export function Workspace() {
  const id = useConversationId();
  useLiveConversations();
  useNotificationClicks();
  return (
    <div className={classes.page} data-open={id !== null || undefined}>
      <ConnectionBanner />
      <Notice />
      <div className={classes.columns}>
        <Sidebar open={id} />
        <main className={classes.main}>{id === null ? <Home /> : <ConversationView key={id} id={id} />}</main>
      </div>
    </div>
  );
}

/** A click on a notification leads to its conversation, without loading the page anew. */
function useNotificationClicks(): void {
  useEffect(() => {
    const hear = ({ data }: MessageEvent) => {
      if (data?.type === "open") {
        goTo(typeof data.conversation === "string" ? data.conversation : null);
      }
    };
    navigator.serviceWorker?.addEventListener("message", hear);
    return () => navigator.serviceWorker?.removeEventListener("message", hear);
  }, []);
}
