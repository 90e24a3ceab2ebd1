"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { usePageTexts } from "@/i18n/pages";
import { botsQuery, deleteBot, makeBot } from "@/state/account";
import type { Api } from "@/state/http";
import { useMoment, useTexts } from "@/state/language";
import { ConfirmButton } from "./confirm-button";
import { Entries, Entry } from "./entries";
import { SecretForm } from "./secret-form";

/** Programs that take part as one's bots. */
export function Bots() {
  const texts = usePageTexts().settings;
  const { data, error } = useQuery(botsQuery);
  return (
    <>
      <Entries label={texts.bots} items={data} error={error} none={texts.botsNone}>
        {(bot) => <Row key={bot.id} bot={bot} />}
      </Entries>
      <SecretForm
        label={texts.botName}
        maxLength={100}
        button={texts.botMake}
        make={makeBot}
        secretLabel={texts.botToken}
      />
    </>
  );
}

function Row({ bot }: { bot: Api["Bot"] }) {
  const texts = usePageTexts().settings;
  const { delete: remove } = useTexts();
  const moment = useMoment();
  const { mutate, isPending, error } = useMutation({ mutationFn: () => deleteBot(bot.id) });
  const used = bot.last_used_at === null ? texts.never : moment(bot.last_used_at);
  return (
    <Entry
      title={bot.name}
      details={`${bot.prefix}… · ${texts.made(moment(bot.created_at))} · ${texts.lastUsed(used)}`}
      error={error}
    >
      <ConfirmButton
        label={texts.botDeleteOf(bot.name)}
        what={texts.botDelete}
        isPending={isPending}
        onConfirm={() => mutate()}
      >
        {remove}
      </ConfirmButton>
    </Entry>
  );
}
