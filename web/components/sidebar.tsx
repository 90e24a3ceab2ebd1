"use client";

import { ActionIcon, Anchor, Group, Text, TextInput, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTexts } from "@/state/language";
import { conversationsQuery } from "@/state/queries";
import { useMe } from "@/state/store";
import { ConversationRow } from "./conversation-row";
import { Icon } from "./icons";
import { titleOf } from "./names";
import { usePageLink } from "./place";
import classes from "./sidebar.module.css";
import { UserMenu } from "./user-menu";

const NewRoom = dynamic(() => import("./new-room").then((module) => module.NewRoom));

/** The conversations, those with the newest activity first. */
export function Sidebar({ open }: { open: string | null }) {
  const texts = useTexts();
  const me = useMe();
  const { data: conversations } = useQuery(conversationsQuery);
  const router = useRouter();
  const link = usePageLink();
  const [filter, setFilter] = useState("");
  const [isMakingRoom, setMakingRoom] = useState(false);
  const sorted = conversations?.toSorted((a, b) => b.active_at - a.active_at);
  const found = sorted?.filter((each) => titleOf(each, me.id).toLowerCase().includes(filter.trim().toLowerCase()));
  return (
    <nav className={classes.side} aria-label={texts.conversations}>
      <Group justify="space-between" wrap="nowrap" p="sm" gap="xs">
        <Title order={1} size="h4">
          {texts.appName}
        </Title>
        <Group gap={4} wrap="nowrap">
          <ActionIcon
            component="a"
            {...link("/search")}
            variant="subtle"
            aria-label={texts.searchMessages}
            title={texts.searchMessages}
          >
            <Icon name="search" />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            aria-label={texts.newRoom}
            title={texts.newRoom}
            onClick={() => setMakingRoom(true)}
          >
            <Icon name="plus" />
          </ActionIcon>
          <ActionIcon
            component="a"
            {...link("/studio")}
            variant="subtle"
            aria-label={texts.studio}
            title={texts.studio}
          >
            <Icon name="studio" />
          </ActionIcon>
          <UserMenu />
        </Group>
      </Group>
      <TextInput
        px="sm"
        pb="xs"
        type="search"
        aria-label={texts.filter}
        placeholder={texts.filter}
        value={filter}
        onChange={(event) => setFilter(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.nativeEvent.isComposing && filter.trim() !== "") {
            router.push(searchAddress(filter));
          }
        }}
      />
      {filter.trim() !== "" && (
        <Anchor {...link(searchAddress(filter))} size="sm" px="md" pb="xs" truncate>
          {texts.searchMessagesFor(filter.trim())}
        </Anchor>
      )}
      <div className={classes.list}>
        <ul>
          {found?.map((summary) => (
            <ConversationRow key={summary.id} summary={summary} isOpen={summary.id === open} />
          ))}
        </ul>
        {found?.length === 0 && (
          <Text c="dimmed" size="sm" p="md">
            {conversations?.length === 0 ? texts.noConversations : texts.noneFound}
          </Text>
        )}
      </div>
      {isMakingRoom && <NewRoom onClose={() => setMakingRoom(false)} />}
    </nav>
  );
}

/** Where messages with these words are looked for. */
function searchAddress(words: string): string {
  return `/search?q=${encodeURIComponent(words.trim())}`;
}
