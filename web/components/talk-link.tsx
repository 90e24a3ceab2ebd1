"use client";

import { Anchor, Badge, Button, Card, Center, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter, useSearchParams } from "next/navigation";
import { talkWith } from "@/state/commands";
import { useTexts } from "@/state/language";
import { twinQuery } from "@/state/queries";
import { Face } from "./face";
import { Problem } from "./problem";

/** Where the link to a twin leads: who it is, and the way to talk with it. */
export function TalkLink() {
  const texts = useTexts();
  const router = useRouter();
  const id = useSearchParams().get("twin") ?? "";
  const { data: twin, error, isPending } = useQuery({ ...twinQuery(id), enabled: id !== "" });
  const talking = useMutation({
    mutationFn: () => talkWith({ kind: "twin", id }),
    onSuccess: (conversation) => router.push(`/chat?id=${conversation}`),
  });
  return (
    <Center component="main" mih="100dvh" p="md">
      <Card withBorder radius="lg" padding="xl" maw={440} w="100%">
        <Stack>
          {isPending && id !== "" && <Loader aria-label={texts.loading} />}
          {(error !== null || id === "") && (
            <Title order={1} size="h4">
              {texts.noSuchTwin}
            </Title>
          )}
          {twin !== undefined && (
            <>
              <Group wrap="nowrap">
                <Face name={twin.name} />
                <div>
                  <Title order={1} size="h3">
                    {twin.name}
                  </Title>
                  <Badge variant="default" tt="none">
                    {texts.twin}
                  </Badge>
                </div>
              </Group>
              {twin.greeting !== "" && <Text>{twin.greeting}</Text>}
              {twin.oversight && (
                <Text c="dimmed" size="sm">
                  {texts.mayStepIn}
                </Text>
              )}
              <Button onClick={() => talking.mutate()} loading={talking.isPending}>
                {texts.talkWith(twin.name)}
              </Button>
            </>
          )}
          <Problem error={talking.error} />
          <Anchor href="/chat">{texts.toConversations}</Anchor>
        </Stack>
      </Card>
    </Center>
  );
}
