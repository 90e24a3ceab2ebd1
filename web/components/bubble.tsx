"use client";

import { Text } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import type { Author } from "@/state/store";
import type { Writer } from "@/state/writers";
import { Face } from "./face";
import classes from "./message.module.css";
import { useDescription, WriterBadge } from "./writer-badge";

interface BubbleProps {
  author: Author;
  writer: Writer;
  isOwn: boolean;
  /** When it was said, in words. */
  time?: string;
  /** Below the text. */
  foot?: ReactNode;
  /** Beside the bubble, for who points at it. */
  actions?: ReactNode;
  /** Somebody comes near. */
  onReach?: () => void;
  /** Somebody was led here; each time has another name. */
  arrival?: string | undefined;
  children: ReactNode;
}

/** The frame of everything that somebody says: who, what kind of who, when, and what. */
export function Bubble({ author, writer, isOwn, time, foot, actions, onReach, arrival, children }: BubbleProps) {
  const describe = useDescription();
  const article = useArrival(arrival);
  return (
    <article
      ref={article}
      tabIndex={arrival === undefined ? undefined : -1}
      data-target={arrival !== undefined || undefined}
      className={classes.row}
      data-own={isOwn || undefined}
      data-writer={writer}
      aria-label={describe(author, writer)}
      onPointerEnter={onReach}
      onFocus={onReach}
    >
      {!isOwn && <Face name={author.name} />}
      <div className={classes.column}>
        {!isOwn && (
          <div className={classes.head}>
            <Text fw={600} size="sm">
              {author.name}
            </Text>
            <WriterBadge writer={writer} />
            {time !== undefined && (
              <Text c="dimmed" size="xs">
                {time}
              </Text>
            )}
          </div>
        )}
        <div className={classes.bubble}>{children}</div>
        <div className={classes.foot}>
          {foot}
          {actions}
        </div>
      </div>
    </article>
  );
}

/** The arrivals that have had the focus; a message that is drawn again does not take it once more. */
const arrived = new Set<string>();

/** Gives the focus to a message that somebody was led to. */
function useArrival(arrival: string | undefined) {
  const article = useRef<HTMLElement>(null);
  useEffect(() => {
    if (arrival === undefined || arrived.has(arrival)) {
      return;
    }
    // The list shows its rows a little after they are drawn; what is not shown takes no focus.
    let frame = 0;
    const take = () => {
      article.current?.focus({ preventScroll: true });
      if (document.activeElement === article.current) {
        arrived.add(arrival);
      } else {
        frame = requestAnimationFrame(take);
      }
    };
    take();
    return () => cancelAnimationFrame(frame);
  }, [arrival]);
  return article;
}
