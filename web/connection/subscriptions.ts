/** Which conversations are followed, and which of them the server still has to be asked for. Invariant: no IO. */

import { Followed } from "./followed.ts";

/** Conversations that one connection may follow: the server's limit. */
export const SUBSCRIPTIONS_MAX = 500;

/** Subscriptions asked for at once: a quarter of the requests that may wait for their answers. */
const ASKED_AT_ONCE_MAX = 16;

export class Subscriptions {
  private readonly followed = new Map<string, Followed>();
  private readonly wanted = new Set<string>();
  /** Conversations by the `ref` of the request that is not answered yet. */
  private readonly asking = new Map<string, string>();

  of(conversationId: string): Followed | undefined {
    return this.followed.get(conversationId);
  }

  /** Whether the server is still sending what was missing somewhere. */
  get areCatchingUp(): boolean {
    return [...this.followed.values()].some((followed) => followed.isCatchingUp);
  }

  follow(conversationId: string, afterSeq: number | undefined): void {
    if (!this.followed.has(conversationId) && this.followed.size >= SUBSCRIPTIONS_MAX) {
      throw new RangeError(`a connection follows at most ${SUBSCRIPTIONS_MAX} conversations`);
    }
    this.followed.set(conversationId, new Followed(afterSeq));
    this.wanted.add(conversationId);
  }

  /** Says whether it was followed. */
  unfollow(conversationId: string): boolean {
    this.answered(conversationId);
    this.wanted.delete(conversationId);
    return this.followed.delete(conversationId);
  }

  /** A connection begins: what a client that comes back resumes from. Whatever has no cursor yet must be asked for. */
  begin(): { conversation_id: string; after_seq: number }[] {
    const cursors: { conversation_id: string; after_seq: number }[] = [];
    this.asking.clear();
    this.wanted.clear();
    for (const [id, followed] of this.followed) {
      followed.catchUp();
      if (followed.lastSeq === undefined) {
        this.wanted.add(id);
      } else {
        cursors.push({ conversation_id: id, after_seq: followed.lastSeq });
      }
    }
    return cursors;
  }

  /** Something is missing: the conversation must be asked for again, from the last entry that passed. */
  ask(conversationId: string): void {
    this.followed.get(conversationId)?.catchUp();
    this.wanted.add(conversationId);
  }

  /** Whom to ask for now. */
  toAsk(): { conversationId: string; afterSeq: number | undefined }[] {
    return [...this.wanted]
      .slice(0, Math.max(ASKED_AT_ONCE_MAX - this.asking.size, 0))
      .map((conversationId) => ({ conversationId, afterSeq: this.followed.get(conversationId)?.lastSeq }));
  }

  asked(conversationId: string, ref: string): void {
    this.wanted.delete(conversationId);
    this.asking.set(ref, conversationId);
  }

  answered(conversationId: string): void {
    for (const [ref, id] of this.asking) {
      if (id === conversationId) {
        this.asking.delete(ref);
      }
    }
  }

  /** The conversation whose subscription had this `ref`, which is not answered any more. */
  refused(ref: string): string | undefined {
    const conversationId = this.asking.get(ref);
    this.asking.delete(ref);
    return conversationId;
  }
}
