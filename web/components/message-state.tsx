"use client";

import { Button, Text } from "@mantine/core";
import { continueReply } from "@/state/commands";
import { useTexts } from "@/state/language";
import type { Conversation } from "@/state/queries";
import { type Message, useStore } from "@/state/store";

interface MessageStateProps {
  message: Message;
  conversation: Conversation;
  isOwn: boolean;
}

/** What became of a message: edited, read by whom, or why a reply ended early. */
export function MessageState({ message, conversation, isOwn }: MessageStateProps) {
  const texts = useTexts();
  return (
    <>
      {message.edited_at !== undefined && <span>{texts.edited}</span>}
      {message.pinned === true && <span>{texts.pinned}</span>}
      {isOwn && <Receipt message={message} conversation={conversation} />}
      <Ending message={message} />
    </>
  );
}

function Receipt({ message, conversation }: { message: Message; conversation: Conversation }) {
  const texts = useTexts();
  const receipts = useStore((state) => state.receipts[conversation.id]);
  const readers = conversation.members.filter(
    (member) => member.id !== message.author.id && (receipts?.[member.id] ?? 0) >= message.seq,
  );
  if (readers.length === 0) {
    return <span>{texts.sent}</span>;
  }
  const names = readers.map((member) => member.name).join(", ");
  return <span>{conversation.kind === "direct" ? texts.read : texts.readBy(names)}</span>;
}

function Ending({ message }: { message: Message }) {
  const texts = useTexts();
  const words = {
    end_of_turn: undefined,
    length: texts.cutOff,
    stopped: texts.stopped,
    taken_over: undefined,
    failed: `${texts.failed}: ${message.failure?.message ?? ""}`,
  }[message.stop_reason ?? "end_of_turn"];
  if (words === undefined) {
    return null;
  }
  const isFailure = message.stop_reason === "failed";
  return (
    <>
      <Text size="xs" c={isFailure ? "var(--mantine-color-error)" : undefined}>
        {words}
      </Text>
      {message.superseded !== true && (
        <Button size="compact-xs" variant="default" onClick={() => continueReply(message)}>
          {texts.goOn}
        </Button>
      )}
    </>
  );
}
