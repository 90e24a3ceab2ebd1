"use client";

import { useEffect, useReducer } from "react";
import { useTexts } from "@/state/language";
import type { Conversation } from "@/state/queries";
import { useMe, useStore } from "@/state/store";
import classes from "./conversation.module.css";

/** Who else is writing right now. */
export function TypingLine({ conversation }: { conversation: Conversation }) {
  const texts = useTexts();
  const me = useMe();
  const typing = useStore((state) => state.typing[conversation.id]);
  const [, look] = useReducer((count: number) => count + 1, 0);
  const now = Date.now();
  const until = Object.entries(typing ?? {}).filter(([id, end]) => id !== me.id && end > now);
  const next = Math.min(...until.map(([, end]) => end));
  useEffect(() => {
    if (Number.isFinite(next)) {
      const timer = setTimeout(look, next - Date.now());
      return () => clearTimeout(timer);
    }
  }, [next]);
  const ids = until.map(([id]) => id);
  const names = conversation.members.filter((member) => ids.includes(member.id)).map((member) => member.name);
  return (
    <div className={classes.typing}>
      {names.length === 1 && texts.typingOne(names.join())}
      {names.length > 1 && texts.typingMany(names.join(", "))}
    </div>
  );
}
