"use client";

import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { setLevel } from "@/state/commands";
import { useTexts } from "@/state/language";
import { type Level, levelQuery } from "@/state/queries";
import { useChoice } from "./choice";
import { Problem } from "./problem";

/** What of a conversation one is told while one is not there. */
export default function ConversationLevel({ conversation }: { conversation: string }) {
  const texts = useTexts();
  const { data: level, error } = useQuery(levelQuery(conversation));
  const setting = useChoice<Level | null>(level ?? null, (wanted) => setLevel(conversation, wanted));
  return (
    <>
      <NativeSelect
        label={texts.tellMe}
        value={setting.shown ?? ""}
        disabled={level === undefined}
        onChange={({ currentTarget: { value } }) => setting.choose(value === "" ? null : (value as Level))}
        data={[
          { value: "", label: texts.tellAsSet },
          { value: "all", label: texts.tellAll },
          { value: "mentions", label: texts.tellMentions },
          { value: "none", label: texts.tellNothing },
        ]}
      />
      <Problem error={error ?? setting.error} />
    </>
  );
}
