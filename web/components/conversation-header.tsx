"use client";

import { ActionIcon, Group, Text, Title } from "@mantine/core";
import dynamic from "next/dynamic";
import { useState } from "react";
import { useTexts } from "@/state/language";
import { partnerOf } from "@/state/partners";
import type { Conversation } from "@/state/queries";
import { useMe, useStore } from "@/state/store";
import classes from "./conversation.module.css";
import { Icon } from "./icons";
import { titleOf } from "./names";
import { goTo } from "./place";

const Members = dynamic(() => import("./members").then((module) => module.Members));

export function ConversationHeader({ conversation }: { conversation: Conversation }) {
  const texts = useTexts();
  const me = useMe();
  const [areMembersShown, setMembersShown] = useState(false);
  return (
    <header className={classes.header}>
      <ActionIcon className={classes.back} variant="subtle" aria-label={texts.back} onClick={() => goTo(null)}>
        <Icon name="back" />
      </ActionIcon>
      <h1 className={`only-read-out ${classes.alone}`}>{texts.appName}</h1>
      <div className={classes.title}>
        <Title order={1} size="h5" lineClamp={1}>
          {titleOf(conversation, me.id)}
        </Title>
        <Group gap={6} wrap="nowrap">
          <Subtitle conversation={conversation} />
        </Group>
      </div>
      <ActionIcon
        variant="subtle"
        aria-label={texts.members}
        title={texts.members}
        onClick={() => setMembersShown(true)}
      >
        <Icon name="people" />
      </ActionIcon>
      {areMembersShown && <Members conversation={conversation} onClose={() => setMembersShown(false)} />}
    </header>
  );
}

/** What the partner is and whether they are here; of a room, how many and what about. */
function Subtitle({ conversation }: { conversation: Conversation }) {
  const texts = useTexts();
  const me = useMe();
  const partner = partnerOf(conversation, me.id);
  const isOnline = useStore((state) => state.online[conversation.id]?.some((id) => id === partner?.id) === true);
  if (partner?.kind === "twin") {
    return (
      <Text c="dimmed" size="xs">
        {texts.twin}
      </Text>
    );
  }
  if (partner !== undefined) {
    return (
      <Text c="dimmed" size="xs">
        {partner.kind === "bot" ? texts.bot : texts.human} · {isOnline ? texts.online : texts.offlineNow}
      </Text>
    );
  }
  return (
    <Text c="dimmed" size="xs" truncate>
      {texts.memberCount(conversation.members.length)}
      {conversation.topic !== null && ` · ${conversation.topic}`}
    </Text>
  );
}
