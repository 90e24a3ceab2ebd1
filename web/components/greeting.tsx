"use client";

import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTexts } from "@/state/language";
import { partnerOf } from "@/state/partners";
import { type Conversation, twinQuery } from "@/state/queries";
import { useMe, useStore } from "@/state/store";

/** Above the first message: what a twin says before anybody has written, or that this is the beginning. */
export function Greeting({ conversation }: { conversation: Conversation }) {
  const texts = useTexts();
  const me = useMe();
  const isBeginning = useStore((state) => state.timelines[conversation.id]?.older === null);
  const partner = partnerOf(conversation, me.id);
  const { data: twin } = useQuery({ ...twinQuery(partner?.id ?? ""), enabled: partner?.kind === "twin" });
  if (!isBeginning) {
    return null;
  }
  return (
    <Text c="dimmed" size="sm" ta="center" p="lg" maw={560} mx="auto">
      {twin !== undefined && twin.greeting !== "" ? twin.greeting : texts.beginning}
    </Text>
  );
}
