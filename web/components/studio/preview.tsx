"use client";

import { Button, Center, Loader, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { beginAnew } from "@/state/commands";
import { partnerOf } from "@/state/partners";
import { conversationsQuery, type Twin } from "@/state/queries";
import { useMe } from "@/state/store";
import { ConversationView } from "../conversation-view";
import { Problem } from "../problem";
import classes from "./studio.module.css";
import { useStudioTexts } from "./texts";

/** An ordinary conversation with one's twin, beside what it is made of: the newest that there is, or another one. */
export function Preview({ twin }: { twin: Twin }) {
  const texts = useStudioTexts();
  const me = useMe();
  const { data: conversations, error } = useQuery(conversationsQuery);
  const [begun, setBegun] = useState<string>();
  const beginning = useMutation({ mutationFn: () => beginAnew(twin.id), onSuccess: setBegun });
  const [newest] = (conversations ?? [])
    .filter((each) => partnerOf(each, me.id)?.id === twin.id)
    .sort((a, b) => b.active_at - a.active_at);
  const id = begun ?? newest?.id;
  if (conversations === undefined) {
    return (
      <Center h="100%">
        {error === null ? <Loader aria-label={texts.loading} role="status" /> : <Problem error={error} />}
      </Center>
    );
  }
  if (id === undefined) {
    return (
      <Center h="100%" p="md">
        <Stack align="center">
          <Text c="dimmed">{texts.tryHint(twin.name)}</Text>
          <Problem error={beginning.error} />
          <Button loading={beginning.isPending} onClick={() => beginning.mutate()}>
            {texts.tryIt}
          </Button>
        </Stack>
      </Center>
    );
  }
  return (
    <>
      <Problem error={beginning.error} />
      <div className={classes.previewTalk}>
        <ConversationView key={id} id={id} isBare />
      </div>
      <Button size="compact-sm" variant="subtle" loading={beginning.isPending} onClick={() => beginning.mutate()}>
        {texts.beginAnew}
      </Button>
    </>
  );
}
