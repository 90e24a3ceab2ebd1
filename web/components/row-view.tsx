"use client";

import { Divider, Text } from "@mantine/core";
import { useClock, useTexts } from "@/state/language";
import type { Conversation } from "@/state/queries";
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
      return <WaitingBubble entry={row.entry} />;
    case "message":
      return (
        <MessageBubble message={row.message} attempts={row.attempts} conversation={conversation} onIntent={onIntent} />
      );
  }
}

/** A change of the conversation itself, between the messages. */
function ChangeLine({ change }: { change: Change }) {
  const texts = useTexts();
  const by = change.author.name;
  const name = "member" in change ? change.member.name : "";
  const words = () => {
    switch (change.kind) {
      case "joined":
        return texts.joined(name);
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
        return texts.modeSet(name);
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
