"use client";

import { ActionIcon } from "@mantine/core";
import { type UIEvent, useEffect, useMemo, useRef, useState } from "react";
import { Virtuoso, type VirtuosoHandle } from "react-virtuoso";
import { markRead } from "@/state/commands";
import { useTexts } from "@/state/language";
import { readOlder } from "@/state/live";
import { jumpToEnd, readNewer } from "@/state/passages";
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

/** In the middle of a conversation nothing is told from what one had read. */
const NOTHING_NEW = { after: Number.POSITIVE_INFINITY, upTo: 0 };

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
  // Whoever is led somewhere else begins there anew.
  const jumps = useStore((state) => state.jumps[conversation.id]?.count);
  return (
    <section className={classes.list} aria-label={texts.messages}>
      {rows.length === 0 ? (
        <Greeting conversation={conversation} />
      ) : (
        <Rows key={jumps} rows={rows} conversation={conversation} onIntent={onIntent} />
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
  const isPassage = useStore((state) => state.passages[id] !== undefined);
  const [target] = useState(() => {
    const message = useStore.getState().jumps[id]?.message;
    return rows.findIndex((row) => row.kind === "message" && row.attempts.some((each) => each.message_id === message));
  });
  const isLed = useStore((state) => state.jumps[id] !== undefined);
  const olderRows = anchor === undefined ? 0 : rows.findIndex((row) => row.key === anchor);
  const hasWritten = rows.at(-1)?.kind === "waiting";
  const follow = useFollowing({ beginsAtEnd: unread === -1 && target === -1, isPassage, setAtEnd, hasWritten });
  useReading(id, isAtEnd && !isPassage);
  return (
    <>
      <Virtuoso
        ref={list}
        data={rows}
        firstItemIndex={FIRST_ROW - olderRows}
        initialTopMostItemIndex={beginning(target, isLed ? -1 : unread)}
        computeItemKey={(_, row) => row.key}
        startReached={() => void readOlder(id).catch(() => undefined)}
        endReached={() => void readNewer(id).catch(() => undefined)}
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
      {(!isAtEnd || isPassage) && (
        <ActionIcon
          className={classes.toNewest}
          variant="default"
          radius="xl"
          size="lg"
          aria-label={texts.toNewest}
          onClick={() => (isPassage ? jumpToEnd(id) : list.current?.scrollToIndex({ index: "LAST", align: "end" }))}
        >
          <Icon name="down" />
        </ActionIcon>
      )}
    </>
  );
}

/** Where one begins to read: at the message that one was led to, at what is new, or at the end. */
function beginning(target: number, unread: number) {
  if (target !== -1) {
    return { index: target, align: "center" as const };
  }
  return unread === -1 ? { index: "LAST" as const, align: "end" as const } : { index: unread, align: "start" as const };
}

interface Following {
  beginsAtEnd: boolean;
  /** The end of a passage is none that grows. */
  isPassage: boolean;
  setAtEnd: (is: boolean) => void;
  hasWritten: boolean;
}

/** Keeps the end in view while it grows, until somebody scrolls up; what one writes oneself is always followed. */
function useFollowing({ beginsAtEnd, isPassage, setAtEnd, hasWritten }: Following) {
  const isFollowing = useRef(beginsAtEnd);
  const wasPassage = useRef(isPassage);
  useEffect(() => {
    // Read up to the end, it is followed from the next time that somebody comes there.
    wasPassage.current = isPassage;
  }, [isPassage]);
  const lastTop = useRef(0);
  const scroller = useRef<HTMLElement>(null);
  return {
    scrollerRef: (element: HTMLElement | Window | null) => {
      scroller.current = element instanceof HTMLElement ? element : null;
    },
    atBottomStateChange: (isAtEnd: boolean) => {
      isFollowing.current ||= isAtEnd && !wasPassage.current;
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
  const passage = useStore((state) => state.passages[id]);
  const end = useStore((state) => state.timelines[id]) ?? EMPTY_TIMELINE;
  const timeline = passage?.timeline ?? end;
  const running = useStore((state) => state.running[id]);
  const outbox = useStore((state) => state.outbox);
  const [unread] = useState(() => {
    const list = queries.getQueryData(conversationsQuery.queryKey);
    const readSeq = list?.find((summary) => summary.id === id)?.read_seq ?? Number.POSITIVE_INFINITY;
    return { after: readSeq, upTo: timeline.order.at(-1)?.seq ?? 0 };
  });
  // Pieces of a reply change its text and not the rows.
  const replies = Object.keys(running ?? {}).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  return useMemo(() => {
    if (passage !== undefined) {
      return rowsOf({ timeline, running: {}, waiting: [], unread: NOTHING_NEW, me: me.id });
    }
    const waiting = outbox.filter((entry) => entry.frame.conversation_id === id);
    return rowsOf({ timeline, running: running ?? {}, waiting, unread, me: me.id });
  }, [timeline, passage, replies, outbox, unread, me.id, id]);
}

/** Tells the server what was read: what stands at the end of the list of a page that somebody looks at. */
function useReading(id: string, isAtEnd: boolean): void {
  const lastSeq = useStore((state) => state.timelines[id]?.order.at(-1)?.seq ?? 0);
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
