"use client";

import { Alert, Button, CopyButton, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { beginRoom, invitationLink } from "@/state/commands";
import type { Twin } from "@/state/queries";
import { changeTwin, linkTo } from "@/state/studio";
import { usePageLink } from "../place";
import { Problem } from "../problem";
import { NAME_CHARS_MAX } from "./limits";
import classes from "./studio.module.css";
import { useStudioTexts } from "./texts";

/** How others come to talk with a twin: by its link, or by the invitation to a room that it is in. */
export function Sharing({ twin }: { twin: Twin }) {
  const texts = useStudioTexts();
  const opening = useMutation({ mutationFn: () => changeTwin(twin.id, { visibility: "link" }) });
  return (
    <div className={classes.part}>
      <Stack maw={680} gap="lg">
        <Stack gap="xs">
          <Title order={2} size="h5">
            {texts.linkTitle}
          </Title>
          {twin.visibility === "private" ? (
            <Alert>
              <Text size="sm" mb="xs">
                {texts.linkPrivate(twin.name)}
              </Text>
              <Button size="xs" loading={opening.isPending} onClick={() => opening.mutate()}>
                {texts.linkOpen}
              </Button>
            </Alert>
          ) : (
            <CopyField
              label={texts.linkLabel(twin.name)}
              hint={texts.visibilityHints[twin.visibility]}
              value={linkTo(twin.id)}
            />
          )}
          <Problem error={opening.error} />
        </Stack>
        <Room twin={twin} />
      </Stack>
    </div>
  );
}

/** A room with the twin, and the invitation to it. */
function Room({ twin }: { twin: Twin }) {
  const texts = useStudioTexts();
  const link = usePageLink();
  const [title, setTitle] = useState("");
  const making = useMutation({
    mutationFn: async () => {
      const room = await beginRoom(title.trim(), [twin.id]);
      return { room, link: await invitationLink(room) };
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="xs">
        <Title order={2} size="h5">
          {texts.roomTitle(twin.name)}
        </Title>
        <Text c="dimmed" size="sm">
          {texts.roomHint(twin.name)}
        </Text>
        {making.data === undefined ? (
          <Group align="flex-end" wrap="nowrap">
            <TextInput
              flex={1}
              label={texts.roomName}
              value={title}
              onChange={(event) => setTitle(event.currentTarget.value)}
              maxLength={NAME_CHARS_MAX}
              required
            />
            <Button type="submit" loading={making.isPending} disabled={title.trim() === ""}>
              {texts.makeRoom}
            </Button>
          </Group>
        ) : (
          <>
            <CopyField label={texts.invitation(title.trim())} hint={texts.invitationHint} value={making.data.link} />
            <Group gap="xs">
              <Button component="a" {...link(`/chat?id=${making.data.room}`)} size="xs" variant="light">
                {texts.toRoom}
              </Button>
              <Button
                size="xs"
                variant="default"
                onClick={() => {
                  setTitle("");
                  making.reset();
                }}
              >
                {texts.anotherRoom}
              </Button>
            </Group>
          </>
        )}
        <Problem error={making.error} />
      </Stack>
    </form>
  );
}

function CopyField({ label, hint, value }: { label: string; hint: string; value: string }) {
  const texts = useStudioTexts();
  return (
    <Group align="flex-end" wrap="nowrap">
      <TextInput flex={1} miw={0} readOnly label={label} description={hint} value={value} />
      <CopyButton value={value}>
        {({ copied, copy }) => <Button onClick={copy}>{copied ? texts.copied : texts.copyLink}</Button>}
      </CopyButton>
    </Group>
  );
}
