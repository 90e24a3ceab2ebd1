"use client";

import { ActionIcon } from "@mantine/core";
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
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

/** A row, or what stands above the first of a whole conversation. */
type Shown = Row | { kind: "beginning"; key: string };

/** Pixels beyond the view that are drawn, too, and from which on more is read. */
const BUFFER_PX = 400;

/** Pixels from the end that still count as being there. */
const END_PX = 60;

/** For how long the row where one begins is kept in its place while those around it are measured. */
const LANDING_MS = 400;

/** For how long after a key, a wheel or a finger a scroll is what somebody does. */
const ACTING_MS = 500;

/** In the middle of a conversation nothing is told from what one had read. */
const NOTHING_NEW = { after: Number.POSITIVE_INFINITY, upTo: 0 };

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
      {rows.length === 0 ? null : <Rows key={jumps} rows={rows} conversation={conversation} onIntent={onIntent} />}
      <SpokenReplies id={conversation.id} />
    </section>
  );
}

function Rows({ rows, conversation, onIntent }: MessageListProps & { rows: Shown[] }) {
  const texts = useTexts();
  const { id } = conversation;
  const list = useRef<VirtualizerHandle>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const isPassage = useStore((state) => state.passages[id] !== undefined);
  const [begin] = useState(() => beginning(id, rows));
  const hold = useHold({ list, scroller, begin, isPassage, setAtEnd, rows });
  const readMore = useMore(id, scroller, rows.length, hold.isLanding);
  const hasOlderInFront = useOlderInFront(rows);
  useReading(id, isAtEnd && !isPassage);
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it is scrolled, and by keys, too */}
      <div
        ref={scroller}
        className={classes.scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        tabIndex={0}
        data-testid="messages"
        onWheel={hold.acted}
        onTouchMove={hold.acted}
        onKeyDown={hold.acted}
        onPointerDown={hold.acted}
        onScroll={() => {
          hold.scrolled();
          readMore();
        }}
      >
        <Virtualizer ref={list} data={rows} shift={hasOlderInFront} bufferSize={BUFFER_PX}>
          {(row) => (
            <div key={row.key} className={classes.line} data-row={row.key}>
              {row.kind === "beginning" ? (
                <Greeting conversation={conversation} />
              ) : (
                <RowView row={row} conversation={conversation} onIntent={onIntent} />
              )}
            </div>
          )}
        </Virtualizer>
      </div>
      {(!isAtEnd || isPassage) && (
        <ActionIcon
          className={classes.toNewest}
          variant="default"
          radius="xl"
          size="lg"
          aria-label={texts.toNewest}
          onClick={() => (isPassage ? jumpToEnd(id) : hold.end())}
        >
          <Icon name="down" />
        </ActionIcon>
      )}
    </>
  );
}

/** A row, and where in the window it is to stand. */
interface Place {
  index: number;
  isCentred: boolean;
}

/** Where one begins to read: at the message that one was led to, at what is new, or (nothing) at the end. */
function beginning(id: string, rows: Shown[]): Place | undefined {
  const jump = useStore.getState().jumps[id];
  const isTarget = (row: Shown) =>
    row.kind === "message" && row.attempts.some((each) => each.message_id === jump?.message);
  const index = jump === undefined ? rows.findIndex((row) => row.kind === "unread") : rows.findIndex(isTarget);
  return index === -1 ? undefined : { index, isCentred: jump !== undefined };
}

/** Whether older rows have come in front of those that were drawn last: what is in view then stays where it is. */
function useOlderInFront(rows: Shown[]): boolean {
  // The day above the first message may be another one then.
  const place = rows.findIndex((row) => row.kind === "message");
  const key = rows[place]?.key;
  const drawn = useRef({ key, place });
  const before = drawn.current;
  const now = before.key === key ? place : rows.findIndex((row) => row.key === before.key);
  useLayoutEffect(() => {
    drawn.current = { key, place };
  });
  return now > before.place;
}

interface HoldParts {
  list: RefObject<VirtualizerHandle | null>;
  scroller: RefObject<HTMLElement | null>;
  begin: Place | undefined;
  /** The end of a passage is none that grows. */
  isPassage: boolean;
  setAtEnd: (is: boolean) => void;
  rows: Shown[];
}

/**
 * What stays in view while rows are measured, grow and come: first the row where one begins, until it has found its place or somebody
 * does something; then the end, if somebody is there, until they scroll up. What one writes oneself is always followed.
 */
function useHold({ list, scroller, begin, isPassage, setAtEnd, rows }: HoldParts) {
  const held = useRef<"row" | "end" | undefined>(begin === undefined ? "end" : "row");
  const wasPassage = useRef(isPassage);
  const last = useRef({ top: 0, height: 0, acted: Number.NEGATIVE_INFINITY });
  const hold = useMemo(() => {
    const keep = () => {
      const element = scroller.current;
      if (element === null || held.current === undefined) {
        return;
      }
      if (held.current === "end") {
        element.scrollTop = element.scrollHeight;
      } else if (begin !== undefined && list.current !== null) {
        element.scrollTop = topOf(begin, list.current, element.clientHeight);
      }
    };
    const letGo = () => {
      if (held.current === "row") {
        held.current = undefined;
      }
    };
    return {
      keep,
      letGo,
      isLanding: () => held.current === "row",
      acted: () => {
        last.current.acted = performance.now();
        letGo();
      },
      end: () => {
        held.current = "end";
        keep();
      },
      scrolled: () => {
        if (scroller.current === null) {
          return;
        }
        const { scrollTop, scrollHeight, clientHeight } = scroller.current;
        const isAtEnd = scrollTop + clientHeight >= scrollHeight - END_PX;
        const { top, height, acted } = last.current;
        // Rows that are measured move what is in view, too, and change the height of all.
        const isByHand = scrollHeight === height || performance.now() - acted < ACTING_MS;
        if (held.current !== "row" && isAtEnd && !wasPassage.current) {
          held.current = "end";
        } else if (held.current === "end" && !isAtEnd && isByHand && scrollTop < top - 2) {
          held.current = undefined;
        }
        last.current = { top: scrollTop, height: scrollHeight, acted };
        setAtEnd(isAtEnd);
      },
    };
  }, [list, scroller, begin, setAtEnd]);
  useEffect(() => {
    // Read up to the end, it is followed from the next time that somebody comes there.
    wasPassage.current = isPassage;
  }, [isPassage]);
  const hasWritten = rows.at(-1)?.kind === "waiting";
  useLayoutEffect(() => {
    if (hasWritten) {
      hold.end();
    }
  }, [hasWritten, hold]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) {
      return;
    }
    hold.keep();
    // The window grows and shrinks with the keyboard, and what is drawn with every row that is measured.
    const observer = new ResizeObserver(() => {
      hold.keep();
      hold.scrolled();
    });
    for (const each of [element, ...element.children]) {
      observer.observe(each);
    }
    const landed = setTimeout(() => {
      hold.letGo();
      hold.scrolled();
    }, LANDING_MS);
    return () => {
      clearTimeout(landed);
      observer.disconnect();
    };
  }, [scroller, hold]);
  return hold;
}

/** How far a list is scrolled when a row stands in its place. */
function topOf({ index, isCentred }: Place, list: VirtualizerHandle, height: number): number {
  const top = list.getItemOffset(index);
  return isCentred ? top - Math.max(0, height - list.getItemSize(index)) / 2 : top;
}

/** Reads what is before and behind, as soon as somebody comes near it; returns what looks whether that is so. */
function useMore(
  id: string,
  scroller: RefObject<HTMLElement | null>,
  count: number,
  isLanding: () => boolean,
): () => void {
  const isReading = useRef(false);
  const drawn = useRef(count);
  const look = useMemo(() => {
    const read = async (more: (id: string) => Promise<void>) => {
      const before = drawn.current;
      isReading.current = true;
      await more(id).catch(() => undefined);
      await twoFrames();
      isReading.current = false;
      if (drawn.current !== before) {
        look();
      }
    };
    const look = () => {
      const element = scroller.current;
      if (element === null || isReading.current || isLanding()) {
        return;
      }
      const { scrollTop, scrollHeight, clientHeight } = element;
      if (scrollTop < BUFFER_PX) {
        void read(readOlder);
      } else if (scrollTop + clientHeight > scrollHeight - BUFFER_PX) {
        void read(readNewer);
      }
    };
    return look;
  }, [id, scroller, isLanding]);
  useEffect(() => {
    drawn.current = count;
    // Rows that fill no window can't be scrolled.
    look();
  }, [look, count]);
  useEffect(() => {
    const landed = setTimeout(look, LANDING_MS);
    return () => clearTimeout(landed);
  }, [look]);
  return look;
}

/** Until what was read is drawn and stands in its place. */
function twoFrames(): Promise<void> {
  return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn())));
}

function useRows(id: string): Shown[] {
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
    const waiting = outbox.filter((entry) => entry.frame.conversation_id === id);
    const live = { running: running ?? {}, waiting, unread };
    const shown = passage === undefined ? live : { running: {}, waiting: [], unread: NOTHING_NEW };
    const rows = rowsOf({ timeline, me: me.id, ...shown });
    return timeline.older === null ? [{ kind: "beginning", key: "beginning" }, ...rows] : rows;
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
