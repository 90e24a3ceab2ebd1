"use client";

import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { stopReply } from "@/state/commands";
import { useTexts } from "@/state/language";
import { takeOver } from "@/state/oversight";
import { blocksQuery, type Conversation } from "@/state/queries";
import type { RunningReply } from "@/state/replies";
import { useStore } from "@/state/store";
import { Bubble } from "./bubble";
import { Icon } from "./icons";
import { useOwned, useOwnTwin } from "./in-place";
import { Markdown } from "./markdown";
import classes from "./message.module.css";

/** A reply that is being written. */
export function RunningBubble({ conversation, messageId }: { conversation: Conversation; messageId: string }) {
  const reply = useStore((state) => state.running[conversation.id]?.[messageId]);
  const isBlocked = useQuery({
    ...blocksQuery,
    select: (blocks) => blocks.some(({ id }) => id === reply?.author.id),
  }).data;
  if (reply === undefined || isBlocked === true) {
    return null;
  }
  return (
    <Bubble
      author={reply.author}
      writer={reply.takenOver ? "twin_and_owner" : "twin"}
      isOwn={false}
      foot={<RunningActions conversation={conversation.id} reply={reply} />}
    >
      <RunningText reply={reply} />
    </Bubble>
  );
}

export function RunningText({ reply }: { reply: RunningReply }) {
  const texts = useTexts();
  if (reply.text === "") {
    return <Text className={classes.caret}>{texts.thinking}</Text>;
  }
  return (
    <>
      <Markdown text={reply.text} isRunning />
      {reply.takenOver && (
        <Text c="dimmed" size="xs">
          {texts.takenOver}
        </Text>
      )}
    </>
  );
}

/** What one can do with a reply that is being written; its twin's owner may write the rest. */
export function RunningActions({ conversation, reply }: { conversation: string; reply: RunningReply }) {
  const texts = useTexts();
  const { inPlace, write } = useOwned();
  const twin = useOwnTwin(reply.author.id);
  return (
    <>
      <StopButton conversation={conversation} reply={reply} />
      {twin !== undefined && inPlace?.reply !== reply.messageId && (
        <Button
          size="compact-xs"
          variant="light"
          leftSection={<Icon name="edit" />}
          onClick={() => {
            takeOver(conversation, reply.messageId);
            write({ twin, reply: reply.messageId });
          }}
        >
          {texts.writeRest}
        </Button>
      )}
    </>
  );
}

function StopButton({ conversation, reply }: { conversation: string; reply: RunningReply }) {
  const texts = useTexts();
  return (
    <Button
      size="compact-xs"
      variant="default"
      data-stops={reply.messageId}
      leftSection={<Icon name="stop" />}
      onClick={() => stopReply(conversation, reply.messageId)}
    >
      {texts.stop}
    </Button>
  );
}
