"use client";

import { ActionIcon } from "@mantine/core";
import { useTexts } from "@/state/language";
import type { Message } from "@/state/store";
import { Icon } from "./icons";
import classes from "./message.module.css";

interface AttemptsProps {
  attempts: readonly Message[];
  shown: Message;
  onChoose: (attempt: Message) => void;
}

/** Goes from attempt to attempt at the same reply; the one that is shown counts. */
export function Attempts({ attempts, shown, onChoose }: AttemptsProps) {
  const texts = useTexts();
  const place = attempts.findIndex((attempt) => attempt.message_id === shown.message_id);
  const step = (to: number, label: string, icon: "back" | "next") => {
    const attempt = attempts[to];
    return (
      <ActionIcon
        size="xs"
        variant="subtle"
        aria-label={label}
        disabled={attempt === undefined || attempt.deleted_at !== undefined}
        onClick={() => attempt !== undefined && onChoose(attempt)}
      >
        <Icon name={icon} />
      </ActionIcon>
    );
  };
  return (
    <fieldset className={classes.attempts} aria-label={texts.attempt(place + 1, attempts.length)}>
      {step(place - 1, texts.attemptBefore, "back")}
      {` ${place + 1}/${attempts.length} `}
      {step(place + 1, texts.attemptAfter, "next")}
    </fieldset>
  );
}
