"use client";

import { Button, Divider, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useClock, useTexts } from "@/state/language";
import { blocksQuery, type Conversation } from "@/state/queries";
import type { Row } from "@/state/rows";
import type { Change } from "@/state/store";
import type { Intent } from "./conversation-view";
import { MessageBubble } from "./message-bubble";
import { RunningBubble } from "./running-bubble";
import { WaitingBubble } from "./waiting-bubble";

interface RowViewProps {
  row: Row;
  conversation: Conversation;
  onIntent: (intent: Intent) => void;
}

export function RowView({ row, conversation, onIntent }: RowViewProps) {
  const texts = useTexts();
  const clock = useClock();
  switch (row.kind) {
    case "day":
      return <Divider label={clock.day(row.at)} labelPosition="center" my="xs" />;
    case "unread":
      return <Divider label={texts.unreadFromHere} labelPosition="center" color="red" my="xs" />;
    case "notice":
      return <ChangeLine change={row.change} />;
    case "running":
      return <RunningBubble conversation={conversation} messageId={row.messageId} />;
    case "waiting":
      return <WaitingBubble entry={row.entry} conversation={conversation} />;
    case "message":
      return <Said row={row} conversation={conversation} onIntent={onIntent} />;
  }
}

/** A message; of somebody whom one has blocked only when one asks for it. */
function Said({ row, ...others }: Omit<RowViewProps, "row"> & { row: Extract<Row, { kind: "message" }> }) {
  const texts = useTexts();
  const { id } = row.message.author;
  const { data: isBlocked } = useQuery({ ...blocksQuery, select: (blocks) => blocks.some((block) => block.id === id) });
  const [isShown, setShown] = useState(false);
  if (isBlocked === true && !isShown) {
    return (
      <Group justify="center" gap="xs">
        <Text c="dimmed" size="xs">
          {texts.hiddenMessage}
        </Text>
        <Button size="compact-xs" variant="default" onClick={() => setShown(true)}>
          {texts.showHidden}
        </Button>
      </Group>
    );
  }
  return <MessageBubble message={row.message} attempts={row.attempts} {...others} />;
}

/** A change of the conversation itself, between the messages. */
function ChangeLine({ change }: { change: Change }) {
  const texts = useTexts();
  const by = change.author.name;
  const name = "member" in change ? change.member.name : "";
  const words = () => {
    switch (change.kind) {
      case "joined":
        return change.role === "watcher" ? texts.watchesNow(name) : texts.joined(name);
      case "left":
        return texts.left(name);
      case "removed":
      case "banned":
        return texts.removed(name, by);
      case "role_set":
        return texts.roleSet(name, texts.roles[change.role]);
      case "titled":
        return texts.titled(change.title ?? "", by);
      case "topic_set":
        return texts.topicSet(change.topic ?? "", by);
      case "muted":
        return texts.mutedNow(name);
      case "unmuted":
        return texts.unmuted(name);
      case "mode_set":
        return texts.modeIs(name, change.mode);
      case "policy_set":
        return texts.policySet(name);
      case "words_forbidden":
        return texts.wordsForbidden(change.words, by);
      case "slow_mode_set":
        return texts.slowModeSet(change.seconds ?? 0, by);
      default:
        return "";
    }
  };
  return (
    <Text c="dimmed" size="xs" ta="center">
      {words()}
    </Text>
  );
}
