"use client";

import { Button } from "@mantine/core";
import { toggleReaction } from "@/state/commands";
import { useTexts } from "@/state/language";
import { type Message, useMe } from "@/state/store";

/** What people put beside a message; a click adds one's own, or takes it back. */
export function Reactions({ message }: { message: Message }) {
  const texts = useTexts();
  const me = useMe();
  return message.reactions?.map(({ emoji, users }) => {
    const isMine = users.includes(me.id);
    return (
      <Button
        key={emoji}
        size="compact-xs"
        radius="xl"
        variant={isMine ? "light" : "default"}
        aria-pressed={isMine}
        aria-label={texts.reactedWith(emoji, users.length)}
        onClick={() => toggleReaction(message, emoji, isMine)}
      >
        {emoji} {users.length}
      </Button>
    );
  });
}
