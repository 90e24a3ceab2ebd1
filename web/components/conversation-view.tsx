"use client";

import { Center, Loader, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTexts } from "@/state/language";
import { openConversation } from "@/state/live";
import { jumpTo } from "@/state/passages";
import { conversationQuery } from "@/state/queries";
import { problemOf } from "@/state/session";
import { type Message, useStore } from "@/state/store";
import { messageOf } from "@/state/timeline";
import { Composer } from "./composer";
import { ConversationHeader } from "./conversation-header";
import { OwnerControls, Owning, Writing } from "./in-place";
import { MessageList } from "./message-list";
import { useMessageId } from "./place";
import { Problem } from "./problem";
import { TypingLine } from "./typing-line";
import { Watched } from "./watched";

/** What the composer is about to do beyond a new message. */
export type Intent = { kind: "reply"; to: Message } | { kind: "edit"; message: Message } | undefined;

/** One conversation: who takes part, unless it is bare, what was said, and what one has to say. */
export function ConversationView({ id, isBare = false }: { id: string; isBare?: boolean }) {
  const texts = useTexts();
  const { data: conversation, error } = useQuery(conversationQuery(id));
  const isRead = useStore((state) => state.timelines[id]?.older !== undefined);
  const isOpen = useStore((state) => state.connection.name === "open");
  const [intent, setIntent] = useState<Intent>();
  const [failure, setFailure] = useState<unknown>();
  const message = useMessageId();
  useEffect(() => {
    if (!isRead) {
      setFailure(undefined);
      openConversation(id).catch((reason: unknown) => {
        // Without a connection it is tried again when there is one.
        if (isOpen) {
          setFailure(reason);
        }
      });
    }
  }, [id, isRead, isOpen]);

  useEffect(() => {
    if (isRead && message !== null) {
      jumpTo(id, message).catch((reason: unknown) => useStore.setState({ notice: problemOf(reason) }));
    }
  }, [id, isRead, message]);
  useEffect(() => {
    // A draft that answers a message does so after a reload, too.
    const { drafts, timelines } = useStore.getState();
    const timeline = timelines[id];
    const to = isRead && timeline !== undefined ? messageOf(timeline, drafts[id]?.replyTo ?? "") : undefined;
    if (to !== undefined) {
      setIntent({ kind: "reply", to });
    }
  }, [id, isRead]);

  // What was read once stays on the screen, whatever becomes of reading it again.
  const isMissing = conversation === undefined || !isRead;
  const problem = error ?? failure;
  if (isMissing && problem !== undefined) {
    return (
      <Center h="100%">
        <Problem error={problem} />
      </Center>
    );
  }
  if (isMissing) {
    return (
      <Center h="100%">
        <Loader aria-label={texts.loading} role="status" />
      </Center>
    );
  }
  return (
    <Owning conversation={conversation}>
      <Stack h="100%" gap={0}>
        {!isBare && <ConversationHeader conversation={conversation} />}
        <Watched conversation={conversation} />
        <MessageList conversation={conversation} onIntent={setIntent} />
        <TypingLine conversation={conversation} />
        <OwnerControls conversation={conversation} />
        <Writing conversation={conversation} isOwnName={intent !== undefined}>
          <Composer conversation={conversation} intent={intent} onIntent={setIntent} />
        </Writing>
      </Stack>
    </Owning>
  );
}
