"use client";

import { Loader, Modal, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { segmentsOf } from "@/state/quotes";
import { documentTextQuery } from "@/state/studio";
import { Problem } from "../problem";
import classes from "./studio.module.css";
import { useStudioTexts } from "./texts";

interface DocumentViewProps {
  twin: string;
  /** The document, and what of it to show first: all of it, where that is empty. */
  source: { document_id: string; document: string; quote: string };
  onClose: () => void;
}

/** Brings the quote into view once it is drawn. */
function showFirst(mark: HTMLElement | null): void {
  mark?.scrollIntoView({ block: "center" });
}

/** What a document says, opened at a quote of it. */
export function DocumentView({ twin, source, onClose }: DocumentViewProps) {
  const texts = useStudioTexts();
  const { data: text, error } = useQuery(documentTextQuery(twin, source.document_id));
  const segments = useMemo(() => (text === undefined ? [] : segmentsOf(text, source.quote)), [text, source]);
  const first = segments.findIndex((segment) => segment.isQuoted);
  return (
    <Modal opened onClose={onClose} size="xl" title={source.document} closeButtonProps={{ "aria-label": texts.close }}>
      <Problem error={error} />
      {text === undefined && error === null && <Loader aria-label={texts.loading} role="status" />}
      {text !== undefined && (
        <>
          {source.quote !== "" && (
            <Text c="dimmed" size="sm" mb="xs">
              {first === -1 ? texts.quoteGone : texts.quoteMarked}
            </Text>
          )}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must be able to scroll it */}
          <section className={classes.document} aria-label={texts.textOf(source.document)} tabIndex={0}>
            {segments.map((segment, place) =>
              segment.isQuoted ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: the text never changes
                <mark key={place} ref={place === first ? showFirst : undefined}>
                  {segment.text}
                </mark>
              ) : (
                segment.text
              ),
            )}
          </section>
        </>
      )}
    </Modal>
  );
}
