"use client";

import { Loader, NativeSelect, Stack, Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { usePageTexts } from "@/i18n/pages";
import { type NotificationSettings, notificationSettingsQuery, setNotificationSettings } from "@/state/account";
import { useTexts } from "@/state/language";
import { useChoice } from "../choice";
import { Problem } from "../problem";
import { Push } from "./push";
import { Quiet } from "./quiet";
import { Webhook } from "./webhook";

type Level = NonNullable<NotificationSettings["level"]>;

/** Where, when and of what one is told that one has not seen. */
export function Notifications() {
  const { loading } = useTexts();
  const { data, error } = useQuery(notificationSettingsQuery);
  if (data === undefined) {
    return error === null ? <Loader size="sm" aria-label={loading} role="status" /> : <Problem error={error} />;
  }
  const { vapid_public_key: serverKey, ...kept } = data;
  return (
    <Stack gap="md" maw={480}>
      <Push serverKey={serverKey} />
      <Kinds kept={kept} />
      <Webhook />
    </Stack>
  );
}

function Kinds({ kept }: { kept: NotificationSettings }) {
  const texts = usePageTexts().settings;
  const { shown, choose, error, isSuccess } = useChoice(kept, setNotificationSettings);
  const change = (changed: Partial<NotificationSettings>) => choose({ ...shown, ...changed });
  return (
    <>
      <NativeSelect
        label={texts.level}
        value={shown.level ?? ""}
        onChange={(event) =>
          change({ level: event.currentTarget.value === "" ? null : (event.currentTarget.value as Level) })
        }
        data={[
          { value: "", label: texts.levels.default },
          { value: "all", label: texts.levels.all },
          { value: "mentions", label: texts.levels.mentions },
          { value: "none", label: texts.levels.none },
        ]}
      />
      <Switch
        label={texts.namesShown}
        description={texts.pushHint}
        checked={shown.names_shown}
        onChange={(event) => change({ names_shown: event.currentTarget.checked })}
      />
      <Quiet hours={shown.quiet_hours ?? null} onChange={(quiet_hours) => change({ quiet_hours })} />
      <Problem error={error} />
      <Text size="sm" role="status">
        {isSuccess && texts.saved}
      </Text>
    </>
  );
}
