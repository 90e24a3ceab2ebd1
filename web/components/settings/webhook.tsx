"use client";

import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { usePageTexts } from "@/i18n/pages";
import { removeWebhook, setWebhook, webhookQuery } from "@/state/account";
import { useMoment } from "@/state/language";
import { Problem } from "../problem";
import { Entry } from "./entries";
import { Part } from "./part";
import { SecretForm } from "./secret-form";
import classes from "./settings.module.css";

/** A program of one's own that is told. */
export function Webhook() {
  const texts = usePageTexts().settings;
  const moment = useMoment();
  const { data: webhook, error } = useQuery(webhookQuery);
  const removing = useMutation({ mutationFn: removeWebhook });
  return (
    <Part title={texts.webhook} hint={texts.webhookHint}>
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
            <Button size="compact-sm" variant="default" loading={removing.isPending} onClick={() => removing.mutate()}>
              {texts.webhookRemove}
            </Button>
          </Entry>
        </ul>
      )}
      <Problem error={error ?? removing.error} />
      <SecretForm
        type="url"
        label={texts.webhookUrl}
        placeholder="https://"
        maxLength={2_000}
        button={texts.webhookSet}
        make={setWebhook}
        secretLabel={() => texts.webhookSecret}
        isThere={(url) => webhook?.url === url}
      />
    </Part>
  );
}
