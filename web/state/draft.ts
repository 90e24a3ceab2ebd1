/** What one has begun to write in a conversation, here and on one's other devices. Pure. */

export interface Draft {
  readonly text: string;
  /** The message that it answers. */
  readonly replyTo?: string | undefined;
  /** The server's revision that this one follows; 0: the server has none. */
  readonly revision: number;
  /** What the server has at that revision. */
  readonly saved: { readonly text: string; readonly replyTo?: string | undefined };
  /** The newest revision that was ever heard of: what is told late of older ones is not news. */
  readonly seen: number;
  /** What was written elsewhere in the meantime, and differs. Nothing is saved until somebody has chosen. */
  readonly other?: { readonly text: string; readonly revision: number };
}

/** A draft as the server has it, or that it has none (any more). */
export interface Told {
  text?: string | undefined;
  reply_to?: string | undefined;
  revision?: number | undefined;
  changed_at: number;
}

export const NO_DRAFT: Draft = { text: "", revision: 0, saved: { text: "" }, seen: 0 };

/** Whether the server has to hear of it. */
export function isUnsaved(draft: Draft): boolean {
  return draft.text !== draft.saved.text || (draft.text !== "" && draft.replyTo !== draft.saved.replyTo);
}

/** Somebody writes here. */
export function typed(draft: Draft, text: string, replyTo: string | undefined): Draft {
  return { ...draft, text, replyTo };
}

/** The server says what it has; `sent` is a text that is on its way to it. */
export function told(draft: Draft, news: Told, sent?: string): Draft {
  const { text, revision } = news;
  const { other: _, ...rest } = draft;
  if (text === undefined || revision === undefined) {
    if (news.changed_at <= draft.seen) {
      return draft;
    }
    const gone = { ...rest, revision: 0, saved: { text: "" }, seen: news.changed_at };
    return isUnsaved(draft) ? gone : { ...gone, text: "", replyTo: undefined };
  }
  if (revision <= draft.seen) {
    return draft;
  }
  const saved = { text, replyTo: news.reply_to };
  if (text === draft.text || text === sent || text === draft.saved.text) {
    return { ...rest, revision, saved, seen: revision };
  }
  if (isUnsaved(draft)) {
    return { ...draft, seen: revision, other: { text, revision } };
  }
  return { ...rest, text, replyTo: news.reply_to, revision, saved, seen: revision };
}

/** What differs is decided: by what stands here, by what was written elsewhere, or by both one after the other. */
export function decided(draft: Draft, by: "here" | "elsewhere" | "both"): Draft {
  const { other, ...rest } = draft;
  if (other === undefined) {
    return draft;
  }
  const text = { here: draft.text, elsewhere: other.text, both: `${draft.text}\n\n${other.text}` }[by];
  return { ...rest, text, revision: other.revision, saved: { text: other.text } };
}
