"use client";

import { ActionIcon, CloseButton, Text, Textarea } from "@mantine/core";
import dynamic from "next/dynamic";
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { editText, sendText, tellTyping } from "@/state/commands";
import { changeDraft, draftWasSent } from "@/state/drafts";
import { useTexts } from "@/state/language";
import { jumpToEnd } from "@/state/passages";
import type { Conversation } from "@/state/queries";
import { useMe, useStore } from "@/state/store";
import { addFiles, type Upload } from "@/state/uploads";
import classes from "./conversation.module.css";
import type { Intent } from "./conversation-view";
import { FileDrop, pasteFiles } from "./file-drop";
import { Icon } from "./icons";
import { useMentions } from "./mentions";

const Uploads = dynamic(() => import("./uploads"));
const DraftConflict = dynamic(() => import("./draft-conflict"));

/** Bytes of UTF-8 that a message may have: the server's limit. */
export const TEXT_BYTES_MAX = 16_384;

/** What `keyCode` is while an input method composes; Safari says nothing else of the Enter that ends it. */
const COMPOSING_KEY_CODE = 229;

/** Whether a key belongs to an input method. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.nativeEvent.isComposing || event.keyCode === COMPOSING_KEY_CODE;
}

interface ComposerProps {
  conversation: Conversation;
  intent: Intent;
  onIntent: (intent: Intent) => void;
}

/** Where one writes. Enter sends, except while an input method composes; what is not sent is kept, for other devices too. */
export function Composer({ conversation, intent, onIntent }: ComposerProps) {
  const texts = useTexts();
  const me = useMe();
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useDraft(conversation.id, intent);
  const isTooLong = new TextEncoder().encode(text).length > TEXT_BYTES_MAX;
  const mayWrite = useMayWrite(conversation);
  const form = useRef<HTMLFormElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const uploads = useUploads(conversation.id);
  const other = useStore((state) => state.drafts[conversation.id]?.other?.text);
  const isEdit = intent?.kind === "edit";
  const files = isEdit ? [] : uploads;
  const areFilesThere = files.every(({ state }) => state.name === "there");
  const isSendable = !isTooLong && areFilesThere && (text.trim() !== "" || files.length > 0);
  const mentions = useMentions({ conversation, text, setText, field });

  useEffect(() => {
    if (intent !== undefined) {
      field.current?.focus();
    }
  }, [intent]);

  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (!isSendable) {
      return;
    }
    if (intent?.kind === "edit") {
      if (editText(intent.message, text)) {
        onIntent(undefined);
      }
    } else if (sendText(conversation.id, text, intent?.to.message_id, files)) {
      draftWasSent(conversation.id);
      onIntent(undefined);
      if (useStore.getState().passages[conversation.id] !== undefined) {
        jumpToEnd(conversation.id);
      }
    }
  };
  const editLast = () => {
    const timeline = useStore.getState().timelines[conversation.id];
    const own = timeline?.order.findLast((message) => message.author.id === me.id);
    if (own !== undefined && own.deleted_at === undefined) {
      onIntent({ kind: "edit", message: own });
    }
  };
  const press = (event: KeyboardEvent) => {
    if (isComposing(event) || mentions.press(event)) {
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

  // Who only watches may correct what a twin of theirs said.
  if (!mayWrite && intent?.kind !== "edit") {
    return (
      <Text className={classes.composer} c="dimmed" ta="center">
        {texts.mayOnlyRead}
      </Text>
    );
  }
  return (
    <form ref={form} className={classes.composer} onSubmit={submit}>
      <FileDrop conversation={conversation.id} inside={form} />
      {intent !== undefined && (
        <div className={classes.intent}>
          <Text size="sm" truncate>
            {intent.kind === "edit" ? texts.editing : `${texts.answering(intent.to.author.name)}: ${intent.to.text}`}
          </Text>
          <CloseButton aria-label={texts.cancel} onClick={() => onIntent(undefined)} />
        </div>
      )}
      {other !== undefined && <DraftConflict conversation={conversation.id} other={other} />}
      {files.length > 0 && <Uploads uploads={files} />}
      {mentions.list}
      <div className={classes.field}>
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            addFiles(conversation.id, [...(event.currentTarget.files ?? [])]);
            // The same file may be chosen again.
            event.currentTarget.value = "";
          }}
        />
        <ActionIcon
          variant="subtle"
          size={36}
          radius="xl"
          aria-label={texts.attach}
          title={texts.attach}
          disabled={isEdit}
          onClick={() => chooser.current?.click()}
        >
          <Icon name="clip" />
        </ActionIcon>
        <Textarea
          ref={field}
          className={classes.words}
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
          onPaste={(event) => pasteFiles(event, conversation.id)}
          {...mentions.fieldProps}
        />
        <ActionIcon
          type="submit"
          size={36}
          radius="xl"
          aria-label={texts.send}
          title={texts.send}
          disabled={!isSendable}
        >
          <Icon name="send" />
        </ActionIcon>
      </div>
    </form>
  );
}

/** The text so far: of a message that is edited, its own; otherwise the draft. */
function useDraft(conversation: string, intent: Intent): [string, (text: string) => void] {
  const edited = intent?.kind === "edit" ? intent.message : undefined;
  const draft = useStore((state) => state.drafts[conversation]?.text ?? "");
  const [edit, setEdit] = useState("");
  useEffect(() => setEdit(edited?.text ?? ""), [edited]);
  if (edited !== undefined) {
    return [edit, setEdit];
  }
  const replyTo = intent?.kind === "reply" ? intent.to.message_id : undefined;
  return [draft, (text) => changeDraft(conversation, text, replyTo)];
}

/** The files of the next message. */
function useUploads(conversation: string): readonly Upload[] {
  const uploads = useStore((state) => state.uploads);
  return uploads.filter((upload) => upload.conversation === conversation && upload.sentWith === undefined);
}

function useMayWrite(conversation: Conversation): boolean {
  const me = useMe();
  const own = conversation.members.find((member) => member.id === me.id);
  if (own === undefined || own.kind === "twin") {
    return false;
  }
  return own.role !== "watcher" && (own.muted_until === undefined || own.muted_until <= Date.now());
}
