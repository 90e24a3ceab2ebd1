"use client";

import { Anchor, Center, Stack, Title } from "@mantine/core";
import { useTexts } from "@/state/language";

export default function NotFound() {
  const texts = useTexts();
  return (
    <Center component="main" h="100dvh">
      <Stack align="center">
        <Title order={1}>{texts.nothingHere}</Title>
        <Anchor href="/chat">{texts.toConversations}</Anchor>
      </Stack>
    </Center>
  );
}
