"use client";

import { Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { usePageTexts } from "@/i18n/pages";
import { removeWebhook, setWebhook, webhookQuery } from "@/state/account";
import { useMoment } from "@/state/language";
import { Problem } from "../problem";
import { Entry } from "./entries";
import { Secret } from "./secret";
import classes from "./settings.module.css";

/** A program of one's own that is told. */
export function Webhook() {
  const texts = usePageTexts().settings;
  const moment = useMoment();
  const { data: webhook, error } = useQuery(webhookQuery);
  const [url, setUrl] = useState("");
  const setting = useMutation({ mutationFn: () => setWebhook(url.trim()), onSuccess: () => setUrl("") });
  const removing = useMutation({ mutationFn: removeWebhook });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setting.mutate();
  };
  return (
    <Stack gap="sm">
      <Title order={3} size="h5">
        {texts.webhook}
      </Title>
      <Text c="dimmed" size="sm">
        {texts.webhookHint}
      </Text>
      {webhook !== null && webhook !== undefined && (
        <ul className={classes.list}>
          <Entry
            title={webhook.url}
            details={
              webhook.failures > 0
                ? texts.webhookFailures(webhook.failures)
                : texts.lastUsed(webhook.told_at === null ? texts.never : moment(webhook.told_at))
            }
          >
            <Button
              size="compact-sm"
              variant="default"
              loading={removing.isPending}
              onClick={() => {
                setting.reset();
                removing.mutate();
              }}
            >
              {texts.webhookRemove}
            </Button>
          </Entry>
        </ul>
      )}
      <form onSubmit={submit}>
        <Group align="flex-end" wrap="nowrap">
          <TextInput
            flex={1}
            type="url"
            label={texts.webhookUrl}
            placeholder="https://"
            value={url}
            maxLength={2_000}
            autoComplete="off"
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <Button type="submit" disabled={url.trim() === ""} loading={setting.isPending}>
            {texts.webhookSet}
          </Button>
        </Group>
      </form>
      <Problem error={error ?? setting.error ?? removing.error} />
      {setting.data !== undefined && (
        <Secret label={texts.webhookSecret} value={setting.data} onClose={setting.reset} />
      )}
    </Stack>
  );
}
