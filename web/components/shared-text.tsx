"use client";

import { Text } from "@mantine/core";
import { Fragment, type ReactNode, useMemo } from "react";
import type { Schemas } from "@/connection/index";
import { type Part, partsBetween, partsOf } from "@/state/authorship";
import { useTexts } from "@/state/language";
import { Markdown, type Marker } from "./markdown";
import classes from "./message.module.css";

interface SharedTextProps {
  text: string;
  spans: readonly Schemas["Span"][];
}

/** A text of which a twin wrote some and its owner the rest: what is whose is seen and read out. */
export function SharedText({ text, spans }: SharedTextProps) {
  const texts = useTexts();
  const marks = useMemo(
    () =>
      marking(partsOf(text, spans), (by, begins, words) => (
        <span className={by === "owner" ? classes.byOwner : undefined} data-by={by}>
          {begins && <span className="only-read-out">{by === "owner" ? texts.ownerWrote : texts.twinWrote} </span>}
          {words}
        </span>
      )),
    [text, spans, texts],
  );
  return (
    <>
      <Markdown text={text} marking={marks} />
      <Text c="dimmed" size="xs" aria-hidden>
        <span className={classes.byOwner}>{texts.markedByOwner}</span>
      </Text>
    </>
  );
}

/** Wraps every piece of text in what says who wrote it. */
function marking(
  parts: readonly Part[],
  wrap: (by: Part["by"], begins: boolean, words: ReactNode) => ReactNode,
): () => Marker {
  return () => {
    const begun = new Set<number>();
    // A part begins at the first piece of text that belongs to it.
    const begins = (start: number): boolean => {
      const place = parts.findIndex((part) => part.start <= start && start < part.end);
      return !begun.has(place) && begun.add(place).has(place);
    };
    return ({ start, end, text }, drawn) => {
      const pieces = partsBetween(parts, start, end);
      const first = pieces[0];
      if (first === undefined) {
        return drawn;
      }
      // What is written with escapes is longer in the source; it belongs to whoever began it.
      if (text === undefined || pieces.length === 1) {
        return wrap(first.by, begins(first.start), drawn);
      }
      return pieces.map((piece) => (
        <Fragment key={piece.start}>
          {wrap(piece.by, begins(piece.start), text.slice(piece.start - start, piece.end - start))}
        </Fragment>
      ));
    };
  };
}
