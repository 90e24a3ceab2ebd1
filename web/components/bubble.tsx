"use client";

import { Text } from "@mantine/core";
import type { ReactNode } from "react";
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
  children: ReactNode;
}

/** The frame of everything that somebody says: who, what kind of who, when, and what. */
export function Bubble({ author, writer, isOwn, time, foot, actions, onReach, children }: BubbleProps) {
  const describe = useDescription();
  const description = describe({ author, ai_written: writer === "twin" || writer === "twin_and_owner" });
  return (
    <article
      className={classes.row}
      data-own={isOwn || undefined}
      data-writer={writer}
      aria-label={description}
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
