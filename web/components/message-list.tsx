"use client";

import { ActionIcon } from "@mantine/core";
import { type UIEvent, useEffect, useMemo, useRef, useState } from "react";
import { Virtuoso, type VirtuosoHandle } from "react-virtuoso";
import { markRead } from "@/state/commands";
import { useTexts } from "@/state/language";
import { readOlder } from "@/state/live";
import { type Conversation, conversationsQuery, queries } from "@/state/queries";
import { type Row, rowsOf } from "@/state/rows";
import { useMe, useStore } from "@/state/store";
import { EMPTY_TIMELINE } from "@/state/timeline";
import classes from "./conversation.module.css";
import type { Intent } from "./conversation-view";
import { Greeting } from "./greeting";
import { Icon } from "./icons";
import { RowView } from "./row-view";
import { SpokenReplies } from "./spoken-replies";

/** Rows are counted from here, so that older ones can come before them. */
const FIRST_ROW = 10_000_000;

/** Above the oldest message. */
const PARTS = {
  Header: ({ context }: { context: Conversation }) => <Greeting conversation={context} />,
};

interface MessageListProps {
  conversation: Conversation;
  onIntent: (intent: Intent) => void;
}

/** Everything that was said, however much it is; only what is in view is drawn. */
export function MessageList({ conversation, onIntent }: MessageListProps) {
  const texts = useTexts();
  const rows = useRows(conversation.id);
  return (
    <section className={classes.list} aria-label={texts.messages}>
      {rows.length === 0 ? (
        <Greeting conversation={conversation} />
      ) : (
        <Rows rows={rows} conversation={conversation} onIntent={onIntent} />
      )}
      <SpokenReplies id={conversation.id} />
    </section>
  );
}

function Rows({ rows, conversation, onIntent }: MessageListProps & { rows: Row[] }) {
  const texts = useTexts();
  const { id } = conversation;
  const list = useRef<VirtuosoHandle>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const [anchor] = useState(() => rows.find((row) => row.kind === "message")?.key);
  const [unread] = useState(() => rows.findIndex((row) => row.kind === "unread"));
  const olderRows = anchor === undefined ? 0 : rows.findIndex((row) => row.key === anchor);
  const follow = useFollowing(unread === -1, setAtEnd, rows.at(-1)?.kind === "waiting");
  useReading(id, isAtEnd);
  return (
    <>
      <Virtuoso
        ref={list}
        data={rows}
        firstItemIndex={FIRST_ROW - olderRows}
        initialTopMostItemIndex={unread === -1 ? { index: "LAST", align: "end" } : { index: unread, align: "start" }}
        computeItemKey={(_, row) => row.key}
        startReached={() => void readOlder(id).catch(() => undefined)}
        atBottomThreshold={60}
        {...follow}
        increaseViewportBy={400}
        context={conversation}
        components={PARTS}
        itemContent={(_, row) => (
          <div className={classes.line}>
            <RowView row={row} conversation={conversation} onIntent={onIntent} />
          </div>
        )}
      />
      {!isAtEnd && (
        <ActionIcon
          className={classes.toNewest}
          variant="default"
          radius="xl"
          size="lg"
          aria-label={texts.toNewest}
          onClick={() => list.current?.scrollToIndex({ index: "LAST", align: "end" })}
        >
          <Icon name="down" />
        </ActionIcon>
      )}
    </>
  );
}

/** Keeps the end in view while it grows, until somebody scrolls up; what one writes oneself is always followed. */
function useFollowing(beginsAtEnd: boolean, setAtEnd: (is: boolean) => void, hasWritten: boolean) {
  const isFollowing = useRef(beginsAtEnd);
  const lastTop = useRef(0);
  const scroller = useRef<HTMLElement>(null);
  return {
    scrollerRef: (element: HTMLElement | Window | null) => {
      scroller.current = element instanceof HTMLElement ? element : null;
    },
    atBottomStateChange: (isAtEnd: boolean) => {
      isFollowing.current ||= isAtEnd;
      setAtEnd(isAtEnd);
    },
    onScroll: (event: UIEvent<HTMLElement>) => {
      const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
      if (scrollTop < lastTop.current - 2 && scrollTop + clientHeight < scrollHeight - 60) {
        isFollowing.current = false;
      }
      lastTop.current = scrollTop;
    },
    followOutput: () => {
      isFollowing.current ||= hasWritten;
      return isFollowing.current ? ("auto" as const) : false;
    },
    totalListHeightChanged: () => {
      requestAnimationFrame(() => {
        if (isFollowing.current) {
          scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
        }
      });
    },
  };
}

function useRows(id: string): Row[] {
  const me = useMe();
  const timeline = useStore((state) => state.timelines[id]) ?? EMPTY_TIMELINE;
  const running = useStore((state) => state.running[id]);
  const outbox = useStore((state) => state.outbox);
  const [unread] = useState(() => {
    const list = queries.getQueryData(conversationsQuery.queryKey);
    const readSeq = list?.find((summary) => summary.id === id)?.read_seq ?? Number.POSITIVE_INFINITY;
    return { after: readSeq, upTo: timeline.messages.get(timeline.order.at(-1) ?? "")?.seq ?? 0 };
  });
  // Pieces of a reply change its text and not the rows.
  const replies = Object.keys(running ?? {}).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  return useMemo(() => {
    const waiting = outbox.filter((entry) => entry.frame.conversation_id === id);
    return rowsOf({ timeline, running: running ?? {}, waiting, unread, me: me.id });
  }, [timeline, replies, outbox, unread, me.id, id]);
}

/** Tells the server what was read: what stands at the end of the list of a page that somebody looks at. */
function useReading(id: string, isAtEnd: boolean): void {
  const lastSeq = useStore((state) => {
    const timeline = state.timelines[id];
    return timeline?.messages.get(timeline.order.at(-1) ?? "")?.seq ?? 0;
  });
  const isOpen = useStore((state) => state.connection.name === "open");
  const told = useRef(0);
  useEffect(() => {
    const tell = () => {
      const isSeen = document.visibilityState === "visible" && isAtEnd && isOpen;
      if (isSeen && lastSeq > told.current && markRead(id, lastSeq)) {
        told.current = lastSeq;
      }
    };
    tell();
    document.addEventListener("visibilitychange", tell);
    return () => document.removeEventListener("visibilitychange", tell);
  }, [id, isAtEnd, isOpen, lastSeq]);
}
