"use client";

import { Anchor, Button, Card, Center, Loader, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter, useSearchParams } from "next/navigation";
import { join } from "@/state/commands";
import { useTexts } from "@/state/language";
import { invitationQuery } from "@/state/queries";
import { Problem } from "./problem";

/** Where the link of an invitation leads. */
export function Invitation() {
  const texts = useTexts();
  const router = useRouter();
  const code = useSearchParams().get("code") ?? "";
  const { data: invitation, error, isPending } = useQuery(invitationQuery(code));
  const joining = useMutation({
    mutationFn: () => join(code),
    onSuccess: (id) => router.push(`/chat?id=${id}`),
  });
  return (
    <Center component="main" mih="100dvh" p="md">
      <Card withBorder radius="lg" padding="xl" maw={440}>
        <Stack>
          {isPending && <Loader aria-label={texts.loading} />}
          {error !== null && (
            <Title order={1} size="h4">
              {texts.invitationGone}
            </Title>
          )}
          {invitation !== undefined && (
            <>
              <Title order={1} size="h3">
                {texts.invited(invitation.title ?? texts.untitled)}
              </Title>
              {invitation.topic !== null && <Text>{invitation.topic}</Text>}
              <Text c="dimmed">
                {texts.memberCount(invitation.member_count)}. {texts.joinHint}
              </Text>
              <Button onClick={() => joining.mutate()} loading={joining.isPending}>
                {texts.join}
              </Button>
            </>
          )}
          <Problem error={joining.error} />
          <Anchor href="/chat">{texts.toConversations}</Anchor>
        </Stack>
      </Card>
    </Center>
  );
}
