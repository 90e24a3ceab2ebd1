/**
 * Drafts follow their writer from device to device: each is kept in the browser at once and on the server a little later.
 *
 * One call at a time for each conversation, so that each names the revision that it follows. What two devices have written
 * differently is never decided here: a person does.
 */

import { type Draft, decided, isUnsaved, NO_DRAFT, type Told, told, typed } from "./draft";
import { body, http } from "./http";
import { Refused } from "./session";
import { useStore } from "./store";

/** How long to wait after the first change: so often a server may be told while somebody writes. */
const SAVE_AFTER_MS = 2_000;

/** How long to wait when the server could not take it. */
const RETRY_AFTER_MS = 15_000;

/** Bytes of UTF-8 that a draft may have: the server's limit. */
const TEXT_BYTES_MAX = 16_384;

const ROUTE = "/api/v1/conversations/{conversation}/draft";

let owner: string | undefined;
const timers = new Map<string, ReturnType<typeof setTimeout>>();
/** The text that is on its way to the server. */
const sent = new Map<string, string>();

/** Shows the drafts that this browser has of somebody. */
export function loadDrafts(of: string): void {
  owner = of;
  useStore.setState({ drafts: Object.fromEntries(keptHere()) });
}

/** Nobody is signed in any more: what the server has does not stay in the browser, what it has not yet does. */
export function leaveDrafts(): void {
  for (const [conversation, draft] of owner === undefined ? [] : keptHere()) {
    if (!isUnsaved(draft) && draft.other === undefined) {
      localStorage.removeItem(keyOf(conversation));
    }
  }
  owner = undefined;
  for (const timer of timers.values()) {
    clearTimeout(timer);
  }
  timers.clear();
}

/** Somebody writes. */
export function changeDraft(conversation: string, text: string, replyTo: string | undefined): void {
  change(conversation, (draft) => typed(draft, text, replyTo));
  saveLater(conversation, SAVE_AFTER_MS);
}

/** The message was sent: nothing of the draft is left. */
export function draftWasSent(conversation: string): void {
  change(conversation, (draft) => typed(draft, "", undefined));
  saveLater(conversation, 0);
}

/** Somebody has chosen what stays of two texts. */
export function decideDraft(conversation: string, by: Parameters<typeof decided>[1]): void {
  change(conversation, (draft) => decided(draft, by));
  saveLater(conversation, 0);
}

/** A draft was changed, on whichever device. */
export function hearDraft(conversation: string, news: Told): void {
  change(conversation, (draft) => told(draft, news, sent.get(conversation)));
}

/** What was missed is asked for, and what could not be saved is. */
export async function refreshDrafts(): Promise<void> {
  const before = useStore.getState().drafts;
  const { items } = await body(http.GET("/api/v1/drafts"));
  for (const item of items) {
    hearDraft(item.conversation_id, item);
  }
  for (const [conversation, draft] of Object.entries(before)) {
    const isGone = draft.revision > 0 && items.every((item) => item.conversation_id !== conversation);
    if (isGone && useStore.getState().drafts[conversation]?.revision === draft.revision) {
      hearDraft(conversation, { changed_at: draft.seen + 1 });
    }
  }
  for (const conversation of Object.keys(useStore.getState().drafts)) {
    saveLater(conversation, 0);
  }
}

function saveLater(conversation: string, wait: number): void {
  if (timers.has(conversation) && wait > 0) {
    return;
  }
  clearTimeout(timers.get(conversation));
  const save = () => {
    timers.delete(conversation);
    void saveNow(conversation);
  };
  timers.set(conversation, setTimeout(save, wait));
}

/** Tells the server what is new; what was written in the meantime goes after it. */
async function saveNow(conversation: string): Promise<void> {
  const draft = useStore.getState().drafts[conversation];
  if (draft === undefined || sent.has(conversation) || !isUnsaved(draft) || draft.other !== undefined) {
    return;
  }
  if (new TextEncoder().encode(draft.text).length > TEXT_BYTES_MAX) {
    return;
  }
  sent.set(conversation, draft.text);
  let wait: number | undefined = SAVE_AFTER_MS;
  try {
    await write(conversation, draft);
  } catch (error) {
    wait = await afterRefusal(conversation, draft, error);
  } finally {
    sent.delete(conversation);
  }
  if (wait !== undefined && owner !== undefined) {
    saveLater(conversation, wait);
  }
}

async function write(conversation: string, draft: Draft): Promise<void> {
  const path = { conversation };
  const { revision, replyTo } = draft;
  if (draft.text === "") {
    const query = revision > 0 ? { revision } : {};
    await body(http.DELETE(ROUTE, { params: { path, query } }));
    hearDraft(conversation, { changed_at: draft.seen + 1 });
    return;
  }
  const answers = replyTo === undefined ? {} : { reply_to: replyTo };
  const wanted = { text: draft.text, revision, ...answers };
  hearDraft(conversation, await body(http.PUT(ROUTE, { params: { path }, body: wanted })));
}

/** Says after how long to try again, if that may help. */
async function afterRefusal(conversation: string, draft: Draft, error: unknown): Promise<number | undefined> {
  if (!(error instanceof Refused) || error.status >= 500 || error.status === 429) {
    return RETRY_AFTER_MS;
  }
  if (error.code === "conflict") {
    return (await hearNewest(conversation)) ? 0 : RETRY_AFTER_MS;
  }
  if (error.status === 404 && draft.replyTo !== undefined) {
    // What it answers is gone; the words are not.
    change(conversation, (now) => (now.replyTo === draft.replyTo ? typed(now, now.text, undefined) : now));
    return 0;
  }
  // It stays in the browser.
  return undefined;
}

async function hearNewest(conversation: string): Promise<boolean> {
  try {
    hearDraft(conversation, await body(http.GET(ROUTE, { params: { path: { conversation } } })));
    return true;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) {
      const seen = useStore.getState().drafts[conversation]?.seen ?? 0;
      hearDraft(conversation, { changed_at: seen + 1 });
      return true;
    }
    return false;
  }
}

function change(conversation: string, by: (draft: Draft) => Draft): void {
  const { drafts } = useStore.getState();
  const before = drafts[conversation] ?? NO_DRAFT;
  const draft = by(before);
  if (owner === undefined || draft === before) {
    return;
  }
  useStore.setState({ drafts: { ...drafts, [conversation]: draft } });
  if (draft.text === "" && !isUnsaved(draft)) {
    localStorage.removeItem(keyOf(conversation));
  } else {
    keep(conversation, draft);
  }
}

function keep(conversation: string, draft: Draft): void {
  try {
    localStorage.setItem(keyOf(conversation), JSON.stringify(draft));
  } catch {
    // The browser has no room; the server gets it all the same.
  }
}

function keptHere(): (readonly [string, Draft])[] {
  const prefix = keyOf("");
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  return keys.flatMap((key) =>
    parsed(localStorage.getItem(key)).map((draft) => [key.slice(prefix.length), draft] as const),
  );
}

function keyOf(conversation: string): string {
  return `draft:${owner}:${conversation}`;
}

/** What cannot be read is left out: it is not ours. */
function parsed(text: string | null): Draft[] {
  try {
    const draft = JSON.parse(text ?? "") as Draft;
    return typeof draft.text === "string" && typeof draft.saved.text === "string" ? [{ ...NO_DRAFT, ...draft }] : [];
  } catch {
    return [];
  }
}
