"use client";

import { ActionIcon, Button, Stack, Text } from "@mantine/core";
import dynamic from "next/dynamic";
import { useTexts } from "@/state/language";
import { signOut } from "@/state/session";
import { useMe, useStore } from "@/state/store";
import { Face } from "./face";
import { usePageLink } from "./place";
import { Pop } from "./pop";

const Preferences = dynamic(() => import("./preferences").then((module) => module.Preferences));

/** Who is signed in, how the client looks and speaks, and the way out. */
export function UserMenu() {
  const texts = useTexts();
  const me = useMe();
  const link = usePageLink();
  const unsent = useStore((state) => state.outbox.length);
  return (
    <Pop
      label={texts.menuOf(me.name)}
      button={(opens) => (
        <ActionIcon {...opens} variant="transparent" radius="xl" size="lg" aria-label={texts.menuOf(me.name)}>
          <Face name={me.name} isSmall />
        </ActionIcon>
      )}
    >
      {() => (
        <Stack gap="sm" p="xs" w={280}>
          <div>
            <Text fw={600}>{me.name}</Text>
            <Text c="dimmed" size="sm">
              {me.email}
            </Text>
          </div>
          <Preferences />
          <Button component="a" {...link("/settings")} variant="default">
            {texts.settings}
          </Button>
          {me.is_admin && (
            <Button component="a" {...link("/admin")} variant="default">
              {texts.administration}
            </Button>
          )}
          <Button variant="default" onClick={() => void signOut()}>
            {unsent > 0 ? texts.signOutUnsent(unsent) : texts.signOut}
          </Button>
        </Stack>
      )}
    </Pop>
  );
}
