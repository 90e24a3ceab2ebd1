"use client";

import { NativeSelect } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { usePageTexts } from "@/i18n/pages";
import { keysQuery, makeKey, revokeKey } from "@/state/account";
import type { Api } from "@/state/http";
import { useMoment } from "@/state/language";
import { ConfirmButton } from "./confirm-button";
import { Entries, Entry } from "./entries";
import { SecretForm } from "./secret-form";

/** How long a key may be good for, in days. */
const DAYS: readonly number[] = [7, 30, 90, 365];

/** Keys for programs that speak the OpenAI dialect. */
export function Keys() {
  const texts = usePageTexts().settings;
  const { data, error } = useQuery(keysQuery);
  const [days, setDays] = useState("90");
  return (
    <>
      <Entries label={texts.keys} items={data} error={error} none={texts.keysNone}>
        {(key) => <Row key={key.id} apiKey={key} />}
      </Entries>
      <SecretForm
        label={texts.keyName}
        maxLength={100}
        button={texts.keyMake}
        make={(name) => makeKey(name, days === "" ? undefined : Number(days))}
        secretLabel={texts.keySecret}
      >
        <NativeSelect
          label={texts.keyDays}
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
          data={[
            ...DAYS.map((each) => ({ value: String(each), label: texts.keyForDays(each) })),
            { value: "", label: texts.keyForever },
          ]}
        />
      </SecretForm>
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
