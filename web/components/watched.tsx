"use client";

import { Text } from "@mantine/core";
import { useTexts } from "@/state/language";
import { isWatcher } from "@/state/partners";
import type { Conversation } from "@/state/queries";
import classes from "./conversation.module.css";
import { Icon } from "./icons";

/** Says to everybody in a conversation who only watches, and which twin does not write on its own. */
export function Watched({ conversation }: { conversation: Conversation }) {
  const texts = useTexts();
  const watchers = conversation.members.filter(isWatcher).map((member) => texts.watches(member.name));
  const modes = conversation.members.flatMap((member) =>
    member.kind === "twin" && member.mode !== "auto" ? [texts.modeIs(member.name, member.mode)] : [],
  );
  const words = [...watchers, ...modes];
  return (
    <div role="status">
      {words.length > 0 && (
        <Text className={classes.watched} size="sm">
          <Icon name="eye" /> {words.join(" ")}
        </Text>
      )}
    </div>
  );
}
