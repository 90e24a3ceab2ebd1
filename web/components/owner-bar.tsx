"use client";

import { Button, Group, NativeSelect } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import { MODES, type Mode, setMode, stopWatching, type TwinMember } from "@/state/oversight";
import { isWatcher } from "@/state/partners";
import type { Conversation } from "@/state/queries";
import { useMe } from "@/state/store";
import classes from "./conversation.module.css";
import { useOwned } from "./in-place";
import { Problem } from "./problem";
import { Proposals } from "./proposals";
import { useStudioTexts } from "./studio/texts";

/** How far one's twin writes on its own here, writing in its place, and its replies that wait for one's word. */
export function OwnerBar({ conversation, twin }: { conversation: Conversation; twin: TwinMember }) {
  const texts = useStudioTexts();
  const me = useMe();
  const { own, inPlace, write } = useOwned();
  const router = useRouter();
  const changing = useMutation({ mutationFn: (mode: Mode) => setMode(conversation.id, twin.id, mode) });
  const leaving = useMutation({
    mutationFn: () => stopWatching(conversation.id, twin.id),
    onSuccess: () => router.push(`/studio?twin=${twin.id}&part=conversations`),
  });
  const isWatching = conversation.members.some((member) => member.id === me.id && isWatcher(member));
  const isAlone = conversation.members.every(
    (member) => member.id === me.id || own.some((other) => other.id === member.id),
  );
  const isWriting = inPlace?.twin.id === twin.id;
  const button = useRef<HTMLButtonElement>(null);
  const wasWriting = useRef(isWriting);
  useEffect(() => {
    // Whoever has closed the composer goes on from where it was opened.
    if (wasWriting.current && !isWriting) {
      button.current?.focus();
    }
    wasWriting.current = isWriting;
  }, [isWriting]);
  return (
    <section className={classes.owner} aria-label={texts.ownerOf(twin.name)}>
      <Proposals twin={twin.id} conversation={conversation.id} />
      {(!isAlone || twin.mode !== "auto") && (
        <Group gap="xs">
          <NativeSelect
            size="xs"
            aria-label={texts.modeOf(twin.name)}
            value={twin.mode}
            disabled={changing.isPending}
            onChange={(event) => changing.mutate(event.currentTarget.value as Mode)}
            data={MODES.map((mode) => ({ value: mode, label: texts.modes[mode] }))}
          />
          <Button ref={button} size="xs" variant="light" disabled={isWriting} onClick={() => write({ twin })}>
            {texts.writeInPlace(twin.name)}
          </Button>
          {isWatching && (
            <Button size="xs" variant="default" loading={leaving.isPending} onClick={() => leaving.mutate()}>
              {texts.stopWatching}
            </Button>
          )}
        </Group>
      )}
      <Problem error={changing.error ?? leaving.error} />
    </section>
  );
}
