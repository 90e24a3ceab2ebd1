"use client";

import { Text } from "@mantine/core";
import dynamic from "next/dynamic";
import { useState } from "react";
import { chooseAttempt } from "@/state/commands";
import { useClock, useTexts } from "@/state/language";
import type { Conversation } from "@/state/queries";
import { type Message, useMe, useStore } from "@/state/store";
import { messageBefore, messageOf } from "@/state/timeline";
import { writerOf } from "@/state/writers";
import { Attachments } from "./attachments";
import { Attempts } from "./attempts";
import { Bubble } from "./bubble";
import type { Intent } from "./conversation-view";
import { useOwnTwin } from "./in-place";
import { Markdown } from "./markdown";
import classes from "./message.module.css";
import { MessageActions } from "./message-actions";
import { MessageState } from "./message-state";
import { Reactions } from "./reactions";
import { RunningActions, RunningText } from "./running-bubble";
import { Sources } from "./sources";

const SharedText = dynamic(() => import("./shared-text").then((module) => module.SharedText), { ssr: false });

interface MessageBubbleProps {
  /** The attempt that counts. */
  message: Message;
  attempts: readonly Message[];
  conversation: Conversation;
  onIntent: (intent: Intent) => void;
}

/** A message of the log; of several attempts at a reply the one that counts, or that somebody looks at. */
export function MessageBubble({ message, attempts, conversation, onIntent }: MessageBubbleProps) {
  const clock = useClock();
  const texts = useTexts();
  const me = useMe();
  const [lookedAt, lookAt] = useState<string>();
  const [wasReached, reach] = useState(false);
  const shown = attempts.find((attempt) => attempt.message_id === lookedAt) ?? message;
  const first = message.variant_of ?? message.message_id;
  const running = useStore((state) =>
    Object.values(state.running[conversation.id] ?? {}).find((reply) => reply.variantOf === first),
  );
  const isOwn = message.author.id === me.id;
  const arrival = useStore((state) => {
    const jump = state.jumps[conversation.id];
    const isHere = attempts.some((attempt) => attempt.message_id === jump?.message);
    return isHere ? `${conversation.id}:${jump?.count}` : undefined;
  });
  const ownTwin = useOwnTwin(message.author.id);
  const time = clock.time(message.created_at);

  if (running !== undefined) {
    return (
      <Bubble
        author={running.author}
        writer="twin"
        isOwn={false}
        time={time}
        foot={<RunningActions conversation={conversation.id} reply={running} />}
      >
        <RunningText reply={running} />
      </Bubble>
    );
  }
  if (shown.deleted_at !== undefined) {
    return (
      <Bubble author={shown.author} writer={writerOf(shown)} isOwn={isOwn} time={time}>
        <Text c="dimmed" fs="italic" size="sm">
          {texts.deleted}
        </Text>
      </Bubble>
    );
  }
  const choose = (attempt: Message) => {
    lookAt(attempt.message_id);
    chooseAttempt(attempt);
  };
  return (
    <Bubble
      author={shown.author}
      writer={writerOf(shown)}
      isOwn={isOwn}
      time={time}
      arrival={arrival}
      onReach={() => reach(true)}
      foot={
        <>
          {isOwn && <span>{time}</span>}
          <MessageState message={shown} conversation={conversation} isOwn={isOwn} />
          {attempts.length > 1 && <Attempts attempts={attempts} shown={shown} onChoose={choose} />}
          <Reactions message={shown} />
        </>
      }
      actions={
        <MessageActions
          message={shown}
          mayChange={isOwn || ownTwin !== undefined}
          onIntent={onIntent}
          isReached={wasReached}
          onRegenerate={() => lookAt(undefined)}
        />
      }
    >
      <Quote message={shown} conversation={conversation.id} />
      {shown.text !== "" && <Said message={shown} />}
      <Attachments message={shown} />
      <Sources message={shown} />
    </Bubble>
  );
}

/** The text, with its parts where the owner of a twin wrote some of it. */
function Said({ message }: { message: Message }) {
  const isShared = writerOf(message) === "twin_and_owner" && message.authorship !== undefined;
  return isShared ? (
    <SharedText text={message.text} spans={message.authorship ?? []} />
  ) : (
    <Markdown text={message.text} />
  );
}

/** What a message answers, where that is not plain: a person's answer, or a twin's to what does not stand before it. */
function Quote({ message, conversation }: { message: Message; conversation: string }) {
  const texts = useTexts();
  const answered = useStore((state) => {
    const timeline = state.timelines[conversation];
    const target = message.reply_to ?? message.thread;
    if (timeline === undefined || target === undefined) {
      return undefined;
    }
    const isBefore = messageBefore(timeline, message.message_id)?.message_id === target;
    return isBefore && message.author.kind === "twin" ? undefined : messageOf(timeline, target);
  });
  if (answered === undefined || message.variant_of !== undefined) {
    return null;
  }
  return (
    <span className={classes.quote}>
      {texts.replyTo(answered.author.name)}:{" "}
      {answered.deleted_at === undefined ? answered.text.slice(0, 120) : texts.deleted}
    </span>
  );
}
