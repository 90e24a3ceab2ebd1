"use client";

import { Text } from "@mantine/core";
import { useMemo } from "react";
import type { Components } from "react-markdown";
import type { Schemas } from "@/connection/index";
import { type Part, partsBetween, partsOf } from "@/state/authorship";
import { useTexts } from "@/state/language";
import { Markdown } from "./markdown";
import classes from "./message.module.css";

interface SharedTextProps {
  text: string;
  spans: readonly Schemas["Span"][];
}

/** A text of which a twin wrote some and its owner the rest: what is whose is seen and read out. */
export function SharedText({ text, spans }: SharedTextProps) {
  const texts = useTexts();
  const plugins = useMemo(() => [marking(partsOf(text, spans))], [text, spans]);
  const extra = useMemo(
    (): Components => ({
      span: ({ node: _, children, ...others }) => {
        const { "data-by": by, "data-begins": begins } = others as Record<string, unknown>;
        const words = by === "owner" ? texts.ownerWrote : texts.twinWrote;
        return (
          <span className={by === "owner" ? classes.byOwner : undefined} data-by={by}>
            {begins === "true" && <span className="only-read-out">{words} </span>}
            {children}
          </span>
        );
      },
    }),
    [texts],
  );
  return (
    <>
      <Markdown text={text} plugins={plugins} extra={extra} />
      <Text c="dimmed" size="xs" aria-hidden>
        <span className={classes.byOwner}>{texts.markedByOwner}</span>
      </Text>
    </>
  );
}

/** A node of the tree that Markdown is read into, as far as it matters here. */
interface MarkdownNode {
  type: string;
  value?: string;
  children?: MarkdownNode[];
  position?: { start: { offset?: number }; end: { offset?: number } };
  data?: { hName: string; hProperties: Record<string, string> };
}

/** Wraps every piece of text in what says who wrote it. */
function marking(parts: readonly Part[]) {
  return () => (tree: MarkdownNode) => {
    const begun = new Set<number>();
    // A part begins at the first piece of text that belongs to it.
    const begins = (start: number): boolean => {
      const place = parts.findIndex((part) => part.start <= start && start < part.end);
      return !begun.has(place) && begun.add(place).has(place);
    };
    const mark = (node: MarkdownNode): MarkdownNode[] => {
      if (node.children !== undefined) {
        return [{ ...node, children: node.children.flatMap(mark) }];
      }
      const [start, end] = [node.position?.start.offset, node.position?.end.offset];
      if (start === undefined || end === undefined || node.value === undefined) {
        return [node];
      }
      // What is written with escapes is longer in the source; it belongs to whoever began it.
      const isAsWritten = node.type === "text" && node.value.length === end - start;
      const pieces = partsBetween(parts, start, end);
      const first = pieces[0];
      if (first === undefined) {
        return [node];
      }
      if (!isAsWritten || pieces.length === 1) {
        return [wrapped(node, first.by, begins(first.start))];
      }
      return pieces.map((piece) => {
        const value = node.value?.slice(piece.start - start, piece.end - start) ?? "";
        return wrapped({ type: "text", value }, piece.by, begins(piece.start));
      });
    };
    tree.children = tree.children?.flatMap(mark) ?? [];
  };
}

function wrapped(node: MarkdownNode, by: Part["by"], isFirst: boolean): MarkdownNode {
  const hProperties = { dataBy: by, dataBegins: String(isFirst) };
  return { type: "part", data: { hName: "span", hProperties }, children: [node] };
}
