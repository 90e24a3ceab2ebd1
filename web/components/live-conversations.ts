"use client";

import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { followAll } from "@/state/live";
import { conversationsQuery } from "@/state/queries";

/** Follows the conversations of the list, so that the server tells what happens in them. */
export function useLiveConversations(): void {
  const { data: conversations } = useQuery(conversationsQuery);
  useEffect(() => {
    if (conversations !== undefined) {
      followAll(conversations);
    }
  }, [conversations]);
}
