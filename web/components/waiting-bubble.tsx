"use client";

import { Button, Text } from "@mantine/core";
import type { OutboxEntry } from "@/connection/index";
import { useProblemText, useTexts } from "@/state/language";
import { discard, retry } from "@/state/live";
import type { Conversation } from "@/state/queries";
import { useMe, useStore } from "@/state/store";
import { Bubble } from "./bubble";
import { Markdown } from "./markdown";

/** One's own message, or one in the place of one's twin, that the server has not acknowledged. */
export function WaitingBubble({ entry, conversation }: { entry: OutboxEntry; conversation: Conversation }) {
  const texts = useTexts();
  const textOf = useProblemText();
  const me = useMe();
  const isOpen = useStore((state) => state.connection.name === "open");
  const { frame, refusal } = entry;
  const uploads = useStore((state) => state.uploads);
  const files = uploads.filter(({ sentWith }) => sentWith === frame.client_id);
  if (frame.op !== "send" && frame.op !== "speak") {
    return null;
  }
  const twin = frame.op === "speak" ? conversation.members.find(({ id }) => id === frame.twin_id) : undefined;
  const foot =
    refusal === undefined ? (
      <span>{isOpen ? texts.sending : texts.queued}</span>
    ) : (
      <>
        <Text c="var(--mantine-color-error)" size="xs" role="alert">
          {texts.notSent(textOf(refusal))}
        </Text>
        <Button size="compact-xs" variant="default" onClick={() => retry(frame.client_id)}>
          {texts.tryAgain}
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => discard(frame.client_id)}>
          {texts.discard}
        </Button>
      </>
    );
  return (
    <Bubble
      author={twin ?? { kind: "user", id: me.id, name: me.name }}
      writer={twin === undefined ? "human" : "owner"}
      isOwn={twin === undefined}
      foot={foot}
    >
      {frame.text !== "" && <Markdown text={frame.text} />}
      {files.length > 0 && <Text size="sm">{files.map(({ name }) => name).join(", ")}</Text>}
    </Bubble>
  );
}
