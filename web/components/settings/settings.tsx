"use client";

import { Anchor, Group, Stack } from "@mantine/core";
import { usePageTexts } from "@/i18n/pages";
import { PageShell } from "../page-shell";
import { Preferences } from "../preferences";
import { Account } from "./account";
import { Blocked } from "./blocked";
import { Bots } from "./bots";
import { Devices } from "./devices";
import { Groups } from "./groups";
import { Keys } from "./keys";
import { Notifications } from "./notifications";
import { Profile } from "./profile";
import { Remembered } from "./remembered";
import { Section } from "./section";

/** Everything about oneself that one can set. */
export function SettingsPage() {
  const texts = usePageTexts().settings;
  const sections = [
    { id: "profile", title: texts.profile, content: <Profile /> },
    { id: "appearance", title: texts.appearance, content: <Appearance /> },
    { id: "notifications", title: texts.notifications, content: <Notifications /> },
    { id: "blocked", title: texts.blocked, hint: texts.blockedHint, content: <Blocked /> },
    { id: "groups", title: texts.groups, hint: texts.groupsHint, content: <Groups /> },
    { id: "remembered", title: texts.remembered, hint: texts.rememberedHint, content: <Remembered /> },
    { id: "devices", title: texts.devices, hint: texts.devicesHint, content: <Devices /> },
    { id: "bots", title: texts.bots, hint: texts.botsHint, content: <Bots /> },
    { id: "keys", title: texts.keys, hint: texts.keysHint, content: <Keys /> },
    { id: "account", title: texts.account, content: <Account /> },
  ];
  return (
    <PageShell title={texts.title}>
      <Group component="nav" aria-label={texts.sections} gap="md" mb="lg">
        {sections.map(({ id, title }) => (
          <Anchor key={id} href={`#${id}`} size="sm">
            {title}
          </Anchor>
        ))}
      </Group>
      <Stack gap="xl">
        {sections.map(({ content, ...section }) => (
          <Section key={section.id} {...section}>
            {content}
          </Section>
        ))}
      </Stack>
    </PageShell>
  );
}

function Appearance() {
  return (
    <Stack gap="sm" maw={420}>
      <Preferences />
    </Stack>
  );
}
