"use client";

import { Switch, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { usePageTexts } from "@/i18n/pages";
import { PushRefused, pushState, speakInPush, turnPushOff, turnPushOn } from "@/state/push";
import { useStore } from "@/state/store";
import { useChoice } from "../choice";
import { Problem } from "../problem";

const KEY = ["push"];

/** Whether this browser tells of messages while no page is open. The browser asks the person only after a click here. */
export function Push({ serverKey }: { serverKey: string }) {
  const texts = usePageTexts().settings;
  const cache = useQueryClient();
  const language = useStore((each) => each.language);
  const { data: state } = useQuery({ queryKey: KEY, queryFn: pushState });
  useEffect(() => {
    if (state === "on") {
      void speakInPush(language);
    }
  }, [state, language]);
  const { shown, choose, isPending, error } = useChoice(state === "on", async (isOn) => {
    try {
      await (isOn ? turnPushOn(serverKey) : turnPushOff());
    } finally {
      await cache.invalidateQueries({ queryKey: KEY });
    }
  });
  const reasons = { denied: texts.pushDenied, unreachable: texts.pushUnreachable };
  const refusal = error instanceof PushRefused ? reasons[error.reason] : undefined;
  const reason = state === "unsupported" ? texts.pushUnsupported : state === "denied" ? texts.pushDenied : refusal;
  return (
    <div>
      <Switch
        label={texts.push}
        checked={shown}
        disabled={isPending || state === undefined || state === "unsupported" || state === "denied"}
        onChange={(event) => choose(event.currentTarget.checked)}
      />
      {reason !== undefined && (
        <Text c="dimmed" size="sm" mt={4} role="alert">
          {reason}
        </Text>
      )}
      {refusal === undefined && <Problem error={error} />}
    </div>
  );
}
