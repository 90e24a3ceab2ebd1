"use client";

import { Modal, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/connection/index";
import { originQuery, type ReplyOrigin } from "@/state/memories";
import { type Message, useStore } from "@/state/store";
import { writerOf } from "@/state/writers";
import { useOwnTwin } from "./in-place";
import { Problem } from "./problem";
import { Sources } from "./sources";
import { DocumentView } from "./studio/document-view";
import classes from "./studio/studio.module.css";
import { useStudioTexts } from "./studio/texts";

/** What a reply came from: the model and what it was given, how long that took, and the quoted documents; to the twin's owner, also what it remembered then and who listened. */
export function Why({ message, onClose }: { message: Message; onClose: () => void }) {
  const texts = useStudioTexts();
  const language = useStore((state) => state.language);
  const numbers = new Intl.NumberFormat(language);
  const [opened, open] = useState<Schemas["Source"]>();
  const twin = useOwnTwin(message.author.id);
  const { data: origin, error } = useQuery({
    ...originQuery(twin?.id ?? "", message.message_id),
    enabled: twin !== undefined,
  });
  const duration = (ms: number) => {
    const [amount, unit] = ms < 1_000 ? [ms, "millisecond"] : [ms / 1_000, "second"];
    return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(amount);
  };
  const { usage, latency, stop_reason: stop, authorship } = message;
  const isShared = writerOf(message) !== "twin" && authorship !== undefined;
  const facts: [string, string | undefined][] = [
    [texts.model, message.model],
    [texts.adapter, message.adapter ?? texts.noAdapter],
    // A seed is a name, not a quantity: no separators.
    [texts.seed, message.seed === undefined ? undefined : String(message.seed)],
    [texts.temperature, origin?.temperature === undefined ? undefined : numbers.format(origin.temperature)],
    [texts.listeners, origin?.listeners === undefined ? undefined : numbers.format(origin.listeners)],
    [texts.turns, origin?.turns === undefined ? undefined : numbers.format(origin.turns.length)],
    [texts.tokensRead, usage === undefined ? undefined : numbers.format(usage.prompt_tokens)],
    [texts.tokensWritten, usage === undefined ? undefined : numbers.format(usage.completion_tokens)],
    [texts.tokensMax, origin?.tokens_max === undefined ? undefined : numbers.format(origin.tokens_max)],
    [texts.firstText, latency?.first_text_ms === undefined ? undefined : duration(latency.first_text_ms)],
    [texts.whole, latency === undefined ? undefined : duration(latency.whole_ms)],
    [texts.stopReason, stop === undefined ? undefined : texts.stopReasons[stop]],
    [texts.failure, message.failure?.message],
    [
      texts.authorship,
      isShared ? authorship.map(({ by, chars }) => texts.partBy(by, numbers.format(chars))).join(", ") : undefined,
    ],
  ];
  if (opened !== undefined && twin !== undefined) {
    return <DocumentView twin={twin.id} source={opened} onClose={() => open(undefined)} />;
  }
  return (
    <Modal opened onClose={onClose} size="lg" title={texts.whyTitle} closeButtonProps={{ "aria-label": texts.close }}>
      <Stack>
        <Text c="dimmed" size="sm">
          {texts.whyHint}
        </Text>
        <dl className={classes.facts}>
          {facts
            .filter(([, value]) => value !== undefined)
            .map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
        </dl>
        <Problem error={error} />
        {origin === null && <Text size="sm">{texts.originGone}</Text>}
        {origin !== null && origin !== undefined && <Origin origin={origin} />}
        <Title order={2} size="h6">
          {texts.sourcesTitle}
        </Title>
        {(message.sources ?? []).length === 0 ? (
          <Text size="sm">{texts.noSources}</Text>
        ) : (
          <Sources message={message} isOpen onOpen={open} />
        )}
      </Stack>
    </Modal>
  );
}

/** What the twin remembered when it wrote a reply, what it knew of what was said before, and who it was then. */
function Origin({ origin: { memories, recap, persona } }: { origin: ReplyOrigin }) {
  const texts = useStudioTexts();
  return (
    <>
      <Title order={2} size="h6">
        {texts.memoriesTitle}
      </Title>
      {memories.length === 0 ? (
        <Text size="sm">{texts.noMemoriesThen}</Text>
      ) : (
        <ul className={classes.memories} aria-label={texts.memoriesTitle}>
          {memories.map(({ memory_id, text }) => (
            <li key={memory_id}>{text}</li>
          ))}
        </ul>
      )}
      {recap !== null && (
        <>
          <Title order={2} size="h6">
            {texts.recapTitle}
          </Title>
          <Text size="sm" className={classes.remembered}>
            {recap.text ?? texts.recapUnread}
          </Text>
        </>
      )}
      {persona !== "" && (
        <details>
          <summary>{texts.personaThen}</summary>
          <Text size="sm" className={classes.remembered}>
            {persona}
          </Text>
        </details>
      )}
    </>
  );
}
