"use client";

import { Badge, Group, Indicator, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { MouseEvent } from "react";
import { useClock, useTexts } from "@/state/language";
import { partnerOf } from "@/state/partners";
import { blocksQuery, type Summary } from "@/state/queries";
import { useMe, useStore } from "@/state/store";
import { Face } from "./face";
import { titleOf } from "./names";
import { goTo } from "./place";
import classes from "./sidebar.module.css";

/** One conversation of the list: who, what was said last, and how much of it is new. */
export function ConversationRow({ summary, isOpen }: { summary: Summary; isOpen: boolean }) {
  const texts = useTexts();
  const clock = useClock();
  const me = useMe();
  const partner = partnerOf(summary, me.id);
  const isOnline = useStore((state) => state.online[summary.id]?.some((id) => id === partner?.id) === true);
  const title = titleOf(summary, me.id);
  const last = summary.last_message;
  const isHidden = useQuery({
    ...blocksQuery,
    select: (blocks) => blocks.some(({ id }) => id === last?.author.id),
  }).data;
  const words = isHidden === true ? texts.hiddenMessage : last?.text;
  const open = (event: MouseEvent) => {
    // A new tab or window is the browser's affair.
    if (!event.metaKey && !event.ctrlKey && !event.shiftKey) {
      event.preventDefault();
      goTo(summary.id);
    }
  };
  return (
    <li>
      <a
        className={classes.row}
        href={`/chat?id=${summary.id}`}
        aria-current={isOpen ? "page" : undefined}
        onClick={open}
      >
        <Indicator disabled={!isOnline} color="green.7" size={10} offset={4} position="bottom-end">
          <Face name={title} />
        </Indicator>
        <div className={classes.words}>
          <Group justify="space-between" wrap="nowrap" gap="xs">
            <Text fw={600} size="sm" truncate>
              {title}
            </Text>
            <Text c="dimmed" size="xs">
              {clock.short(summary.active_at)}
            </Text>
          </Group>
          <Group justify="space-between" wrap="nowrap" gap="xs">
            <Text c="dimmed" size="xs" truncate>
              {last !== null && `${last.author.id === me.id ? texts.you : last.author.name}: ${words}`}
            </Text>
            {summary.unread > 0 && (
              <Badge size="sm" circle={summary.unread < 10}>
                {summary.unread}
                <span className="only-read-out"> {texts.unread(summary.unread)}</span>
              </Badge>
            )}
          </Group>
        </div>
      </a>
    </li>
  );
}
