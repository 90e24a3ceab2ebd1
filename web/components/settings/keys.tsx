"use client";

import { Button, Group, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { usePageTexts } from "@/i18n/pages";
import { keysQuery, makeKey, revokeKey } from "@/state/account";
import type { Api } from "@/state/http";
import { useMoment } from "@/state/language";
import { Problem } from "../problem";
import { ConfirmButton } from "./confirm-button";
import { Entries, Entry } from "./entries";
import { Secret } from "./secret";

/** How long a key may be good for, in days. */
const DAYS: readonly number[] = [7, 30, 90, 365];

/** Keys for programs that speak the OpenAI dialect. */
export function Keys() {
  const texts = usePageTexts().settings;
  const { data, error } = useQuery(keysQuery);
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const making = useMutation({
    mutationFn: () => makeKey(name.trim(), days === "" ? undefined : Number(days)),
    onSuccess: () => setName(""),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <>
      <Entries label={texts.keys} items={data} error={error} none={texts.keysNone}>
        {(key) => <Row key={key.id} apiKey={key} />}
      </Entries>
      <form onSubmit={submit}>
        <Group align="flex-end" maw={640}>
          <TextInput
            flex={1}
            miw={160}
            label={texts.keyName}
            value={name}
            maxLength={100}
            autoComplete="off"
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <NativeSelect
            label={texts.keyDays}
            value={days}
            onChange={(event) => setDays(event.currentTarget.value)}
            data={[
              ...DAYS.map((each) => ({ value: String(each), label: texts.keyForDays(each) })),
              { value: "", label: texts.keyForever },
            ]}
          />
          <Button type="submit" disabled={name.trim() === ""} loading={making.isPending}>
            {texts.keyMake}
          </Button>
        </Group>
      </form>
      <Problem error={making.error} />
      {making.data !== undefined && (
        <Secret label={texts.keySecret(making.data.name)} value={making.data.secret} onClose={making.reset} />
      )}
    </>
  );
}

function Row({ apiKey }: { apiKey: Api["Key"] }) {
  const texts = usePageTexts().settings;
  const moment = useMoment();
  const { mutate, isPending, error } = useMutation({ mutationFn: () => revokeKey(apiKey.id) });
  const { prefix, created_at, last_used_at, expires_at } = apiKey;
  const details = [
    `${prefix}…`,
    texts.made(moment(created_at)),
    texts.lastUsed(last_used_at === null ? texts.never : moment(last_used_at)),
    ...(expires_at === null ? [] : [texts.ends(moment(expires_at))]),
  ];
  return (
    <Entry title={apiKey.name} details={details.join(" · ")} error={error}>
      <ConfirmButton
        label={texts.keyRevokeOf(apiKey.name)}
        what={texts.keyRevoke}
        isPending={isPending}
        onConfirm={() => mutate()}
      >
        {texts.keyRevokeShort}
      </ConfirmButton>
    </Entry>
  );
}
