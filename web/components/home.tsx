"use client";

import { Anchor, Badge, Button, Card, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { talkWith } from "@/state/commands";
import { useTexts } from "@/state/language";
import { type Twin, twinsQuery } from "@/state/queries";
import { useMe } from "@/state/store";
import { Face } from "./face";
import classes from "./home.module.css";
import { goTo, usePageLink } from "./place";
import { Problem } from "./problem";

/** Whom one can talk with, while no conversation is open. */
export function Home() {
  const texts = useTexts();
  const { data: twins, isPending } = useQuery(twinsQuery);
  return (
    <div className={classes.home}>
      <Title order={2} size="h3" mb="md">
        {texts.talkWithTwin}
      </Title>
      {isPending && <Loader aria-label={texts.loading} />}
      {twins?.length === 0 && <Text c="dimmed">{texts.noTwins}</Text>}
      <div className={classes.cards}>
        {twins?.map((twin) => (
          <TwinCard key={twin.id} twin={twin} />
        ))}
      </div>
    </div>
  );
}

function TwinCard({ twin }: { twin: Twin }) {
  const texts = useTexts();
  const link = usePageLink();
  const me = useMe();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => talkWith({ kind: "twin", id: twin.id }),
    onSuccess: goTo,
  });
  return (
    <Card withBorder radius="lg">
      <Stack h="100%" justify="space-between">
        <div>
          <Group gap="sm" mb="xs">
            <Face name={twin.name} />
            <div>
              <Title order={3} size="h5">
                {twin.name}
              </Title>
              <Group gap={6}>
                <Badge variant="default" tt="none">
                  {texts.twin}
                </Badge>
                {twin.owner_id === me.id && (
                  <Anchor {...link(`/studio?twin=${twin.id}`)} size="xs">
                    {texts.ownTwin}
                  </Anchor>
                )}
              </Group>
            </div>
          </Group>
          <Text size="sm" lineClamp={4}>
            {twin.greeting}
          </Text>
        </div>
        <Problem error={error} />
        <Button onClick={() => mutate()} loading={isPending} aria-label={texts.talkWith(twin.name)}>
          {texts.talk}
        </Button>
      </Stack>
    </Card>
  );
}
