"use client";

import { Button, Group, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { usePageTexts } from "@/i18n/pages";
import { botsQuery, deleteBot, makeBot } from "@/state/account";
import type { Api } from "@/state/http";
import { useMoment, useTexts } from "@/state/language";
import { Problem } from "../problem";
import { ConfirmButton } from "./confirm-button";
import { Entries, Entry } from "./entries";
import { Secret } from "./secret";

/** Programs that take part as one's bots. */
export function Bots() {
  const texts = usePageTexts().settings;
  const { data, error } = useQuery(botsQuery);
  const [name, setName] = useState("");
  const making = useMutation({ mutationFn: () => makeBot(name.trim()), onSuccess: () => setName("") });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <>
      <Entries label={texts.bots} items={data} error={error} none={texts.botsNone}>
        {(bot) => <Row key={bot.id} bot={bot} />}
      </Entries>
      <form onSubmit={submit}>
        <Group align="flex-end" wrap="nowrap" maw={480}>
          <TextInput
            flex={1}
            label={texts.botName}
            value={name}
            maxLength={100}
            autoComplete="off"
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" disabled={name.trim() === ""} loading={making.isPending}>
            {texts.botMake}
          </Button>
        </Group>
      </form>
      <Problem error={making.error} />
      {making.data !== undefined && (
        <Secret label={texts.botToken(making.data.name)} value={making.data.secret} onClose={making.reset} />
      )}
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
