/**
 * Places in a conversation far from its end, such as a message that was found.
 *
 * What is read around such a place is a passage of its own, beside the timeline, which always reaches to the end of the log. Read
 * forward until it touches the timeline, it becomes a part of it.
 */

import { type Api, body, http } from "./http";
import { Refused } from "./session";
import { useStore } from "./store";
import { EMPTY_TIMELINE, messageOf, type Timeline, withPage } from "./timeline";

/** A part of the log that does not reach to its end. */
export interface Passage {
  readonly timeline: Timeline;
  /** Where what follows begins. */
  readonly newer: string;
}

/** That somebody is led somewhere; the next time has another count. */
export interface Jump {
  readonly count: number;
  /** Absent: to the end. */
  readonly message?: string | undefined;
}

/** Messages of a page. */
const PAGE_MESSAGES = 100;

type Page = Api["MessagesPage"];

/** Leads to a message, which is read first where it is not known. */
export async function jumpTo(conversation: string, message: string): Promise<void> {
  const { timelines, passages } = useStore.getState();
  const isIn = (timeline: Timeline | undefined) => timeline !== undefined && messageOf(timeline, message) !== undefined;
  const isInTimeline = isIn(timelines[conversation]);
  if (!isInTimeline && !isIn(passages[conversation]?.timeline)) {
    const page = await readPage(conversation, { around: message });
    if (page.items.every((item) => item.message_id !== message)) {
      throw new Refused(404, "not_found", "there is no such message any more");
    }
    show(conversation, passageOf(page));
  } else if (isInTimeline) {
    leave(conversation);
  }
  lead(conversation, message);
}

/** Goes back to the end of the conversation. */
export function jumpToEnd(conversation: string): void {
  leave(conversation);
  lead(conversation, undefined);
}

/** Reads on from the end of a passage. */
export async function readNewer(conversation: string): Promise<void> {
  const passage = useStore.getState().passages[conversation];
  if (passage === undefined) {
    return;
  }
  const page = await readPage(conversation, { after: Number(passage.newer) });
  const now = useStore.getState().passages[conversation];
  if (now?.newer === passage.newer) {
    const timeline = withPage(now.timeline, page.items, now.timeline.older ?? null);
    show(conversation, { timeline, newer: page.previous });
  }
}

/** Reads what stands before the beginning of a passage; says whether there is one. */
export async function readOlderOfPassage(conversation: string): Promise<boolean> {
  const passage = useStore.getState().passages[conversation];
  if (passage === undefined) {
    return false;
  }
  const { older } = passage.timeline;
  if (older !== null && older !== undefined) {
    const page = await readPage(conversation, { before: Number(older) });
    const { passages } = useStore.getState();
    const now = passages[conversation];
    if (now?.timeline.older === older) {
      const timeline = withPage(now.timeline, page.items, page.next);
      useStore.setState({ passages: { ...passages, [conversation]: { ...now, timeline } } });
    }
  }
  return true;
}

/** Two parts of the log that touch, as one that reaches to its end. */
export function joined(end: Timeline, passage: Timeline): Timeline {
  const first = (timeline: Timeline) => timeline.order[0]?.seq ?? Number.POSITIVE_INFINITY;
  const older = first(passage) < first(end) ? passage.older : end.older;
  return withPage(end, passage.order, older ?? null);
}

function passageOf(page: Page): { timeline: Timeline; newer: string | null } {
  return { timeline: withPage(EMPTY_TIMELINE, page.items, page.next), newer: page.previous };
}

/** Shows a passage, or has it become a part of the timeline where the two touch. */
function show(conversation: string, passage: { timeline: Timeline; newer: string | null }): void {
  const { timelines, passages } = useStore.getState();
  const { timeline, newer } = passage;
  const end = timelines[conversation] ?? EMPTY_TIMELINE;
  const touches = timeline.order.some(({ message_id }) => messageOf(end, message_id) !== undefined);
  if (newer === null || touches) {
    const { [conversation]: _, ...others } = passages;
    useStore.setState({ passages: others, timelines: { ...timelines, [conversation]: joined(end, timeline) } });
  } else {
    useStore.setState({ passages: { ...passages, [conversation]: { timeline, newer } } });
  }
}

function leave(conversation: string): void {
  const { [conversation]: _, ...passages } = useStore.getState().passages;
  useStore.setState({ passages });
}

function lead(conversation: string, message: string | undefined): void {
  const { jumps } = useStore.getState();
  const count = (jumps[conversation]?.count ?? 0) + 1;
  useStore.setState({ jumps: { ...jumps, [conversation]: { count, message } } });
}

/** Reads a page of messages: the newest, or those at a place. */
export async function readPage(
  conversation: string,
  place: { around?: string; after?: number; before?: number },
): Promise<Page> {
  const query = { limit: PAGE_MESSAGES, ...place };
  const params = { path: { conversation }, query };
  return body(http.GET("/api/v1/conversations/{conversation}/messages", { params }));
}
