"use client";

import { ActionIcon, Anchor, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useClock } from "@/state/language";
import { forgetRecap, type Recap, recapsQuery } from "@/state/memories";
import type { Twin } from "@/state/queries";
import { Icon } from "../icons";
import { More } from "../more";
import { usePageLink } from "../place";
import { Problem } from "../problem";
import { ForgetButton } from "./forget-button";
import classes from "./studio.module.css";
import { useStudioTexts } from "./texts";

/** What a twin keeps of long conversations; nothing while there is none. */
export function Recaps({ twin }: { twin: Twin }) {
  const texts = useStudioTexts();
  const list = useInfiniteQuery(recapsQuery(twin.id));
  const recaps = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <Problem error={list.error} />
      {recaps.length > 0 && (
        <>
          <Title order={2} size="h5">
            {texts.recaps}
          </Title>
          <Text c="dimmed" size="sm">
            {texts.recapsHint}
          </Text>
          <ul className={classes.rows} aria-label={texts.recaps}>
            {recaps.map((recap) => (
              <RecapRow key={recap.id} twin={twin} recap={recap} />
            ))}
          </ul>
          <More label={texts.more} list={list} />
        </>
      )}
    </>
  );
}

/** What a twin keeps of one conversation. Its owner reads it where taking part. */
function RecapRow({ twin, recap }: { twin: Twin; recap: Recap }) {
  const texts = useStudioTexts();
  const clock = useClock();
  const link = usePageLink();
  const forgetting = useMutation({ mutationFn: () => forgetRecap(twin.id, recap.id) });
  const { conversation_id, text, model, created_at } = recap;
  const said = text ?? texts.recapUnread;
  return (
    <li aria-label={said}>
      <div className={classes.words}>
        <Text className={classes.remembered}>{said}</Text>
        <Text c="dimmed" size="xs">
          {[model, clock.short(created_at)].join(" · ")}
          {text !== null && (
            <>
              {" · "}
              <Anchor {...link(`/chat?id=${conversation_id}`)} size="xs">
                {texts.toConversation}
              </Anchor>
            </>
          )}
        </Text>
      </div>
      <ForgetButton
        label={texts.forgetRecap}
        hint={texts.forgetRecapHint}
        confirm={texts.forgetIt}
        isPending={forgetting.isPending}
        onConfirm={() => forgetting.mutate()}
      >
        {(opens) => (
          <ActionIcon
            {...opens}
            variant="subtle"
            aria-label={texts.forgetRecap}
            title={texts.forgetRecap}
            loading={forgetting.isPending}
          >
            <Icon name="bin" />
          </ActionIcon>
        )}
      </ForgetButton>
      <Problem error={forgetting.error} />
    </li>
  );
}
