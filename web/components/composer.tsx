"use client";

import { ActionIcon, CloseButton, Text, Textarea } from "@mantine/core";
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { editText, sendText, tellTyping } from "@/state/commands";
import { useTexts } from "@/state/language";
import type { Conversation } from "@/state/queries";
import { useMe, useStore } from "@/state/store";
import classes from "./conversation.module.css";
import type { Intent } from "./conversation-view";
import { Icon } from "./icons";
import { useMentions } from "./mentions";

/** Bytes of UTF-8 that a message may have: the server's limit. */
const TEXT_BYTES_MAX = 16_384;

/** What `keyCode` is while an input method composes; Safari says nothing else of the Enter that ends it. */
const COMPOSING_KEY_CODE = 229;

interface ComposerProps {
  conversation: Conversation;
  intent: Intent;
  onIntent: (intent: Intent) => void;
}

/** Where one writes. Enter sends, except while an input method composes; what is not sent is kept in the browser. */
export function Composer({ conversation, intent, onIntent }: ComposerProps) {
  const texts = useTexts();
  const me = useMe();
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useDraft(conversation.id, intent);
  const isTooLong = new TextEncoder().encode(text).length > TEXT_BYTES_MAX;
  const mayWrite = useMayWrite(conversation);
  const mentions = useMentions({ conversation, text, setText, field });

  useEffect(() => {
    if (intent !== undefined) {
      field.current?.focus();
    }
  }, [intent]);

  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (text.trim() === "" || isTooLong) {
      return;
    }
    const isTaken =
      intent?.kind === "edit" ? editText(intent.message, text) : sendText(conversation.id, text, intent?.to.message_id);
    if (isTaken) {
      setText("");
      onIntent(undefined);
    }
  };
  const editLast = () => {
    const timeline = useStore.getState().timelines[conversation.id];
    const own = timeline?.order
      .map((id) => timeline.messages.get(id))
      .findLast((message) => message?.author.id === me.id);
    if (own !== undefined && own.deleted_at === undefined) {
      onIntent({ kind: "edit", message: own });
    }
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.keyCode === COMPOSING_KEY_CODE || mentions.press(event)) {
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape") {
      onIntent(undefined);
    } else if (event.key === "ArrowUp" && text === "") {
      event.preventDefault();
      editLast();
    }
  };

  if (!mayWrite) {
    return (
      <Text className={classes.composer} c="dimmed" ta="center">
        {texts.mayOnlyRead}
      </Text>
    );
  }
  return (
    <form className={classes.composer} onSubmit={submit}>
      {intent !== undefined && (
        <div className={classes.intent}>
          <Text size="sm" truncate>
            {intent.kind === "edit" ? texts.editing : `${texts.answering(intent.to.author.name)}: ${intent.to.text}`}
          </Text>
          <CloseButton aria-label={texts.cancel} onClick={() => onIntent(undefined)} />
        </div>
      )}
      {mentions.list}
      <div className={classes.field}>
        <Textarea
          ref={field}
          aria-label={texts.compose}
          placeholder={texts.compose}
          autosize
          minRows={1}
          maxRows={8}
          radius="lg"
          value={text}
          error={isTooLong ? texts.tooLong : undefined}
          onChange={(event) => {
            setText(event.currentTarget.value);
            tellTyping(conversation.id);
          }}
          onKeyDown={press}
          {...mentions.fieldProps}
        />
        <ActionIcon
          type="submit"
          size={36}
          radius="xl"
          aria-label={texts.send}
          title={texts.send}
          disabled={text.trim() === "" || isTooLong}
        >
          <Icon name="send" />
        </ActionIcon>
      </div>
    </form>
  );
}

/** The text so far: of a message that is edited, its own; otherwise what was left here, even before a reload. */
function useDraft(conversation: string, intent: Intent): [string, (text: string) => void] {
  const key = `draft:${conversation}`;
  const edited = intent?.kind === "edit" ? intent.message : undefined;
  const [draft, setDraft] = useState(() => localStorage.getItem(key) ?? "");
  const [edit, setEdit] = useState("");
  useEffect(() => setEdit(edited?.text ?? ""), [edited]);
  if (edited !== undefined) {
    return [edit, setEdit];
  }
  const keep = (text: string) => {
    setDraft(text);
    if (text === "") {
      localStorage.removeItem(key);
    } else {
      localStorage.setItem(key, text);
    }
  };
  return [draft, keep];
}

function useMayWrite(conversation: Conversation): boolean {
  const me = useMe();
  const own = conversation.members.find((member) => member.id === me.id);
  if (own === undefined || own.kind === "twin") {
    return false;
  }
  return own.role !== "watcher" && (own.muted_until === undefined || own.muted_until <= Date.now());
}
