"use client";

import { Anchor, Text } from "@mantine/core";
import dynamic from "next/dynamic";
import { useId, useState } from "react";
import type { Schemas } from "@/connection/index";
import { useTexts } from "@/state/language";
import type { Message } from "@/state/store";
import { useOwnTwin } from "./in-place";
import classes from "./message.module.css";

const DocumentView = dynamic(() => import("./studio/document-view").then((module) => module.DocumentView), {
  ssr: false,
});

interface SourcesProps {
  message: Message;
  /** The twin, where it is one's own for certain. */
  ownTwin?: string;
  /** Whether they are shown before anybody asks. */
  isOpen?: boolean;
  /** Shows a document at a source, in place of what this does. */
  onOpen?: (source: Schemas["Source"]) => void;
}

/** The places in a twin's documents that a reply was drawn from; its owner can open the documents there. */
export function Sources({ message, ownTwin, isOpen = false, onOpen }: SourcesProps) {
  const texts = useTexts();
  const twin = useOwnTwin(message.author.id)?.id ?? ownTwin;
  const [opened, open] = useState<Schemas["Source"]>();
  const id = useId();
  const [areShown, setShown] = useState(isOpen);
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
      <div id={id} hidden={!areShown}>
        {sources.map((source, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
          <div key={place} className={classes.source}>
            <Text c="dimmed" size="xs">
              [{place + 1}] {[source.document, source.section].filter((part) => part !== "").join(" › ")}
              {isOpen && ` · ${texts.similarity(source.score)}`}
            </Text>
            <mark>{source.quote}</mark>
            {twin !== undefined && (
              <Anchor
                component="button"
                type="button"
                size="xs"
                display="block"
                onClick={() => (onOpen ?? open)(source)}
              >
                {texts.openSource(source.document)}
              </Anchor>
            )}
          </div>
        ))}
      </div>
      {twin !== undefined && opened !== undefined && (
        <DocumentView twin={twin} source={opened} onClose={() => open(undefined)} />
      )}
    </div>
  );
}
