"use client";

import { Button, Group, Text } from "@mantine/core";
import { decideDraft } from "@/state/drafts";
import { useTexts } from "@/state/language";
import classes from "./conversation.module.css";

/** What was written on another device differs from what stands here: neither is lost before somebody has chosen. */
export default function DraftConflict({ conversation, other }: { conversation: string; other: string }) {
  const texts = useTexts();
  const choose = (by: Parameters<typeof decideDraft>[1]) => decideDraft(conversation, by);
  return (
    <section className={classes.conflict} aria-label={texts.draftElsewhere}>
      <Text size="sm" role="alert">
        {texts.draftElsewhere}
      </Text>
      <Text className={classes.other} size="sm" c="dimmed" lineClamp={4}>
        {other === "" ? texts.draftEmptyElsewhere : other}
      </Text>
      <Group gap="xs">
        <Button size="compact-xs" variant="default" onClick={() => choose("both")}>
          {texts.draftBoth}
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => choose("elsewhere")}>
          {texts.draftTheirs}
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => choose("here")}>
          {texts.draftMine}
        </Button>
      </Group>
    </section>
  );
}
