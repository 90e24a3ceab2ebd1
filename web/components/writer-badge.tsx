"use client";

import { Badge } from "@mantine/core";
import { useCallback } from "react";
import { useTexts } from "@/state/language";
import { type Author, useMe } from "@/state/store";
import type { Writer } from "@/state/writers";
import classes from "./message.module.css";

/** Says on every message what wrote it. */
export function WriterBadge({ writer }: { writer: Writer }) {
  const texts = useTexts();
  const words = {
    human: texts.human,
    bot: texts.bot,
    twin: texts.twin,
    owner: texts.owner,
    twin_and_owner: texts.twinAndOwner,
  };
  return (
    <Badge className={classes.badge} data-writer={writer} size="sm" variant="default" tt="none" fw={600}>
      {words[writer]}
    </Badge>
  );
}

/** The same in a sentence, for those who listen. */
export function useDescription(): (author: Author, writer: Writer) => string {
  const texts = useTexts();
  const me = useMe();
  return useCallback(
    (author, writer) => {
      const words = {
        human: texts.humanLong,
        bot: texts.botLong,
        twin: texts.twinLong,
        owner: texts.ownerLong,
        twin_and_owner: texts.twinAndOwnerLong,
      };
      const name = author.id === me.id ? texts.you : author.name;
      return texts.saidBy(name, words[writer]);
    },
    [texts, me.id],
  );
}
