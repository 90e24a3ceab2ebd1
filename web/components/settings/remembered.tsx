"use client";

import { Anchor, Group } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { usePageTexts } from "@/i18n/pages";
import { useMoment } from "@/state/language";
import { forgetMe, forgetMemoryOfMe, type MemoryOfMe, memoriesOfMeQuery } from "@/state/memories";
import { More } from "../more";
import { usePageLink } from "../place";
import { Problem } from "../problem";
import { ConfirmButton } from "./confirm-button";
import { Entries, Entry } from "./entries";

/** What twins of others remember of oneself, which one can have them forget. */
export function Remembered() {
  const texts = usePageTexts().settings;
  const list = useInfiniteQuery(memoriesOfMeQuery);
  const memories = list.data?.pages.flatMap((page) => page.items);
  const forgetting = useMutation({ mutationFn: forgetMe });
  return (
    <>
      <Entries label={texts.remembered} items={memories} error={list.error} none={texts.rememberedNone}>
        {(memory) => <Row key={memory.id} memory={memory} />}
      </Entries>
      <Group gap="sm">
        <More label={texts.rememberedMore} list={list} />
        {memories !== undefined && memories.length > 0 && (
          <ConfirmButton
            label={texts.forgetAllOf}
            what={texts.forgetAllIt}
            isPending={forgetting.isPending}
            onConfirm={() => forgetting.mutate()}
          >
            {texts.forgetAll}
          </ConfirmButton>
        )}
      </Group>
      <Problem error={forgetting.error} />
    </>
  );
}

function Row({ memory }: { memory: MemoryOfMe }) {
  const texts = usePageTexts().settings;
  const moment = useMoment();
  const link = usePageLink();
  const { mutate, isPending, error } = useMutation({ mutationFn: () => forgetMemoryOfMe(memory.id) });
  const { text, twin_name: twin, said_in } = memory;
  const details = (
    <>
      {texts.rememberedBy(twin, moment(memory.created_at))}
      {" · "}
      {said_in === null ? (
        texts.rememberedWritten
      ) : (
        <Anchor {...link(`/chat?id=${said_in.conversation_id}&message=${said_in.message_id}`)} size="xs">
          {texts.rememberedWhere}
        </Anchor>
      )}
    </>
  );
  return (
    <Entry title={text} details={details} error={error}>
      <ConfirmButton
        label={texts.forgetOf(twin, text)}
        what={texts.forgetIt}
        isPending={isPending}
        onConfirm={() => mutate()}
      >
        {texts.forget}
      </ConfirmButton>
    </Entry>
  );
}
