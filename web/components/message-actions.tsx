"use client";

import { ActionIcon, Button, CopyButton, Group } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { type ComponentPropsWithRef, useState } from "react";
import { deleteMessage, rate, regenerate, toggleReaction } from "@/state/commands";
import { useTexts } from "@/state/language";
import { feedbackQuery } from "@/state/queries";
import { problemOf } from "@/state/session";
import { type Message, useMe, useStore } from "@/state/store";
import type { Intent } from "./conversation-view";
import { Icon } from "./icons";
import classes from "./message.module.css";
import { Pop } from "./pop";

const Why = dynamic(() => import("./why").then((module) => module.Why), { ssr: false });

/** What most people say with one sign. */
const EMOJIS = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

interface MessageActionsProps {
  message: Message;
  /** It is one's own, or a twin's of one's own. */
  mayChange: boolean;
  /** Somebody has come near. */
  isReached: boolean;
  onIntent: (intent: Intent) => void;
  onRegenerate: () => void;
}

/** What one can do with a message. */
export function MessageActions({ message, mayChange, isReached, onIntent, onRegenerate }: MessageActionsProps) {
  const texts = useTexts();
  const isReply = message.author.kind === "twin" && message.stop_reason !== undefined;
  return (
    <div className={classes.actions} role="toolbar" aria-label={texts.actions}>
      <React message={message} />
      <Action icon="reply" label={texts.reply} onClick={() => onIntent({ kind: "reply", to: message })} />
      <CopyButton value={message.text}>
        {({ copied, copy }) => <Action icon="copy" label={copied ? texts.copied : texts.copy} onClick={copy} />}
      </CopyButton>
      {isReply && (
        <>
          <Action
            icon="again"
            label={texts.regenerate}
            onClick={() => {
              onRegenerate();
              regenerate(message);
            }}
          />
          <Feedback message={message} isNeeded={isReached} />
        </>
      )}
      {isReply && mayChange && <WhyAction message={message} />}
      {mayChange && (
        <>
          <Action icon="edit" label={texts.edit} onClick={() => onIntent({ kind: "edit", message })} />
          <Delete message={message} />
        </>
      )}
    </div>
  );
}

/** The owner of a twin asks what a reply came from. */
function WhyAction({ message }: { message: Message }) {
  const texts = useTexts();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Action icon="why" label={texts.why} onClick={() => setOpen(true)} />
      {isOpen && <Why message={message} onClose={() => setOpen(false)} />}
    </>
  );
}

interface ActionProps extends Omit<ComponentPropsWithRef<"button">, "color" | "style"> {
  icon: Parameters<typeof Icon>[0]["name"];
  label: string;
  isPressed?: boolean;
}

function Action({ icon, label, isPressed, ...others }: ActionProps) {
  return (
    <ActionIcon
      {...others}
      size="md"
      variant={isPressed ? "light" : "subtle"}
      color={isPressed ? undefined : "gray"}
      c={isPressed ? undefined : "dimmed"}
      aria-label={label}
      title={label}
      aria-pressed={isPressed}
    >
      <Icon name={icon} />
    </ActionIcon>
  );
}

function React({ message }: { message: Message }) {
  const texts = useTexts();
  const me = useMe();
  const choose = (emoji: string) => {
    const isMine = message.reactions?.some((each) => each.emoji === emoji && each.users.includes(me.id)) === true;
    toggleReaction(message, emoji, isMine);
  };
  return (
    <Pop label={texts.react} button={(opens) => <Action {...opens} icon="smile" label={texts.react} />}>
      {(close) => (
        <Group gap={2}>
          {EMOJIS.map((emoji) => (
            <ActionIcon
              key={emoji}
              variant="subtle"
              size="lg"
              aria-label={texts.reactWith(emoji)}
              onClick={() => {
                choose(emoji);
                close();
              }}
            >
              {emoji}
            </ActionIcon>
          ))}
        </Group>
      )}
    </Pop>
  );
}

/** What is deleted is gone for good, so it takes two clicks. */
function Delete({ message }: { message: Message }) {
  const texts = useTexts();
  return (
    <Pop label={texts.delete} button={(opens) => <Action {...opens} icon="bin" label={texts.delete} />}>
      {() => (
        <Button color="red.9" size="compact-sm" onClick={() => deleteMessage(message)}>
          {texts.deleteForGood}
        </Button>
      )}
    </Pop>
  );
}

/** Whether a reply was any good. What one said before is asked for when somebody comes near. */
function Feedback({ message, isNeeded }: { message: Message; isNeeded: boolean }) {
  const texts = useTexts();
  const query = feedbackQuery(message.conversation_id, message.message_id);
  const { data: said } = useQuery({ ...query, enabled: isNeeded });
  const { mutate } = useMutation({
    mutationFn: (rating: "up" | "down") => rate(message, rating === said ? null : rating),
    onError: (error) => useStore.setState({ notice: problemOf(error) }),
  });
  return (
    <>
      <Action icon="up" label={texts.goodReply} isPressed={said === "up"} onClick={() => mutate("up")} />
      <Action icon="thumbDown" label={texts.badReply} isPressed={said === "down"} onClick={() => mutate("down")} />
    </>
  );
}
