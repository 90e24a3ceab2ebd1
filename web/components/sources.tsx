"use client";

import { Anchor, Collapse, Text } from "@mantine/core";
import { useId, useState } from "react";
import { useTexts } from "@/state/language";
import type { Message } from "@/state/store";
import classes from "./message.module.css";

/** The places in a twin's documents that a reply was drawn from. */
export function Sources({ message }: { message: Message }) {
  const texts = useTexts();
  const id = useId();
  const [areShown, setShown] = useState(false);
  const { sources } = message;
  if (sources === undefined || sources.length === 0) {
    return null;
  }
  return (
    <div>
      <Anchor
        component="button"
        type="button"
        size="xs"
        aria-expanded={areShown}
        aria-controls={id}
        onClick={() => setShown(!areShown)}
      >
        {texts.sources(sources.length)}
      </Anchor>
      <Collapse expanded={areShown} id={id}>
        {sources.map((source, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
          <div key={place} className={classes.source}>
            <Text c="dimmed" size="xs">
              [{place + 1}] {[source.document, source.section].filter((part) => part !== "").join(" › ")}
            </Text>
            <mark>{source.quote}</mark>
          </div>
        ))}
      </Collapse>
    </div>
  );
}
