"use client";

import { ActionIcon, CloseButton, Text, Textarea } from "@mantine/core";
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { keepTakenOver, speak } from "@/state/oversight";
import type { Conversation } from "@/state/queries";
import { useStore } from "@/state/store";
import { isComposing, TEXT_BYTES_MAX } from "./composer";
import classes from "./conversation.module.css";
import { Icon } from "./icons";
import { type InPlace, useOwned } from "./in-place";
import { useStudioTexts } from "./studio/texts";

/** What the rest of a reply begins with: a space behind a word, of scripts that have spaces. */
function beginningOf(conversation: string, reply: string | undefined): string {
  const said = reply === undefined ? "" : (useStore.getState().running[conversation]?.[reply]?.text ?? "");
  return /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}]$/u.test(said) ? " " : "";
}

/** Where the owner of a twin writes in its place; who reads it sees that the owner did. */
export function InPlaceComposer({ conversation, inPlace }: { conversation: Conversation; inPlace: InPlace }) {
  const texts = useStudioTexts();
  const { write } = useOwned();
  const { twin, reply } = inPlace;
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => beginningOf(conversation.id, reply));
  const isRest = useStore((state) => reply !== undefined && state.running[conversation.id]?.[reply] !== undefined);
  const isTooLong = new TextEncoder().encode(text).length > TEXT_BYTES_MAX;
  const isReady = text.trim() !== "" && !isTooLong;
  const hint = reply === undefined ? texts.asTwin(twin.name) : isRest ? texts.asRest(twin.name) : texts.restTooLate;

  useEffect(() => field.current?.focus(), []);

  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    const rest = isRest ? { reply } : {};
    if (isReady && speak({ conversation: conversation.id, twin: twin.id, text, ...rest })) {
      setText("");
      // The rest of a reply is written once; in its place one may say more.
      write(reply === undefined ? inPlace : undefined);
    }
  };
  const press = (event: KeyboardEvent) => {
    if (isComposing(event)) {
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape") {
      write(undefined);
    }
  };
  return (
    <form className={classes.composer} data-in-place onSubmit={submit}>
      <div className={classes.intent}>
        <Text size="sm" role="status">
          {hint}
        </Text>
        <CloseButton aria-label={texts.underOwnName} title={texts.underOwnName} onClick={() => write(undefined)} />
      </div>
      <div className={classes.field}>
        <Textarea
          ref={field}
          className={classes.words}
          aria-label={texts.writeInPlace(twin.name)}
          placeholder={texts.writeInPlace(twin.name)}
          autosize
          minRows={1}
          maxRows={8}
          radius="lg"
          value={text}
          error={isTooLong ? texts.tooLong : undefined}
          onChange={(event) => {
            setText(event.currentTarget.value);
            if (isRest && reply !== undefined) {
              keepTakenOver(conversation.id, reply);
            }
          }}
          onKeyDown={press}
        />
        <ActionIcon type="submit" size={36} radius="xl" aria-label={texts.send} title={texts.send} disabled={!isReady}>
          <Icon name="send" />
        </ActionIcon>
      </div>
    </form>
  );
}
