/**
 * A connection that keeps the protocol's promises: it comes back, misses nothing and repeats nothing.
 *
 * 1. Each new WebSocket resumes after the last entry seen of each followed conversation.
 * 2. What has a `client_id` is sent again until it is acknowledged or refused, one after the other in each conversation.
 * 3. Entries and pieces of replies are handed on once and in order; a gap is mended before anything after it is.
 */

import { BackOff } from "./back-off.ts";
import { mayPass, recovery } from "./close-codes.ts";
import { type Codec, jsonCodec } from "./codec.ts";
import type { Followed, Verdict } from "./followed.ts";
import type { ClientFrame, ServerFrame } from "./frames.generated.ts";
import { Outbox, type OutboxEntry, type OutboxFrame, type OutboxStorage } from "./outbox.ts";
import { Socket, type WebSocketConstructor } from "./socket.ts";
import { Subscriptions } from "./subscriptions.ts";

/** Whom to connect to, how, and as whom. */
export interface ConnectionOptions {
  /** The server's WebSocket, `wss://HOST/ws`. */
  url: string;
  /** An access token, or a bot's. `refused` is the one that the server did not take; null when there is no other. */
  token(refused: string | undefined): Promise<string | null>;
  /** JSON, unless another is given. */
  codec?: Codec;
  /** Whether to be told who follows the conversations that are followed. */
  presence?: boolean;
  /** Where what is not acknowledged survives the program. */
  storage?: OutboxStorage;
  WebSocket?: WebSocketConstructor;
  /** From 0 to 1; spreads out those who come back at once. */
  random?(): number;
}

/** Where a connection stands. */
export type ConnectionState =
  | { name: "connecting" }
  | { name: "open"; user: { id: string; name: string } }
  /** It is lost, and tried again at `until`, in milliseconds since 1970. */
  | { name: "waiting"; until: number; reason: string }
  /** There is no token any more. */
  | { name: "signed_out" }
  /** Connecting again would end the same way. */
  | { name: "stopped"; reason: string };

/** What a connection tells. */
export type ConnectionEvent =
  | { type: "state"; state: ConnectionState }
  /** The server said something new. */
  | { type: "frame"; frame: ServerFrame }
  /** Something that waited is committed. */
  | { type: "acknowledged"; entry: OutboxEntry; frame: Extract<ServerFrame, { op: "ack" }> }
  /** What waits is different. */
  | { type: "outbox"; entries: readonly OutboxEntry[] };

type WithoutRef<Frame> = Frame extends unknown ? Omit<Frame, "ref"> : never;

export class Connection {
  private readonly listeners = new Set<(event: ConnectionEvent) => void>();
  private readonly outbox: Outbox;
  private readonly subscriptions = new Subscriptions();
  private readonly backOff: BackOff;
  private current: ConnectionState = { name: "stopped", reason: "not started" };
  private socket: Socket | undefined;
  private token: string | undefined;
  private refused: string | undefined;
  private askedToWaitMs: number | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private dueTimer: ReturnType<typeof setTimeout> | undefined;
  /** Counts attempts, so that one that was overtaken knows it. */
  private attempt = 0;
  private nextRef = 0;

  constructor(private readonly options: ConnectionOptions) {
    this.outbox = new Outbox(options.storage);
    this.backOff = new BackOff(options.random ?? Math.random);
  }

  /** Where the connection stands. */
  get state(): ConnectionState {
    return this.current;
  }

  /** What waits for its `ack`, oldest first. */
  get waiting(): readonly OutboxEntry[] {
    return this.outbox.entries;
  }

  /** Hears what happens until the returned function is called. */
  listen(listener: (event: ConnectionEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Connects, and connects again whenever that may help, until `stop`. */
  start(): void {
    void this.connect();
  }

  /** Leaves. What waits stays in the outbox. */
  stop(): void {
    this.leave({ name: "stopped", reason: "stopped" });
  }

  /** Tries at once instead of waiting: the network is back, or somebody looks. */
  retryNow(): void {
    if (this.current.name === "waiting") {
      void this.connect();
    }
  }

  /** Follows a conversation: first what came after `afterSeq` (0 for everything, absent for nothing), then live. */
  follow(conversationId: string, afterSeq?: number): void {
    this.subscriptions.follow(conversationId, afterSeq);
    this.pump();
  }

  /** Follows a conversation no longer. */
  unfollow(conversationId: string): void {
    if (this.subscriptions.unfollow(conversationId)) {
      this.request({ op: "unsubscribe", conversation_id: conversationId });
    }
  }

  /** The last entry of a followed conversation that was handed on. */
  lastSeq(conversationId: string): number | undefined {
    return this.subscriptions.of(conversationId)?.lastSeq;
  }

  /** Queues something that must not be lost. Throws when there is no room for it. */
  send(frame: OutboxFrame): void {
    this.outbox.push(frame, Date.now());
    this.outboxChanged();
  }

  /** Tries again what was refused. */
  retry(clientId: string): void {
    this.outbox.retry(clientId);
    this.outboxChanged();
  }

  /** Lets something go that was refused or has not been sent. */
  discard(clientId: string): void {
    this.outbox.discard(clientId);
    this.outboxChanged();
  }

  /** Sends a frame once, if there is a connection, and returns the `ref` of its answer. */
  request(frame: WithoutRef<ClientFrame>): string | undefined {
    if (this.current.name !== "open") {
      return undefined;
    }
    this.nextRef += 1;
    const ref = `r${this.nextRef}`;
    return this.socket?.send({ ...frame, ref } as ClientFrame) ? ref : undefined;
  }

  private async connect(): Promise<void> {
    this.attempt += 1;
    const { attempt } = this;
    clearTimeout(this.retryTimer);
    this.socket?.close();
    this.socket = undefined;
    this.become({ name: "connecting" });
    let token: string | null;
    try {
      token = await this.options.token(this.refused);
    } catch (error) {
      if (attempt === this.attempt) {
        this.wait(error instanceof Error ? error.message : String(error));
      }
      return;
    }
    if (attempt !== this.attempt) {
      return;
    }
    if (token === null) {
      this.leave({ name: "signed_out" });
      return;
    }
    this.token = token;
    const implementation = this.options.WebSocket ?? (globalThis.WebSocket as unknown as WebSocketConstructor);
    this.socket = new Socket(implementation, this.options.url, this.options.codec ?? jsonCodec, {
      opened: () => this.identify(token),
      received: (frame) => this.take(frame),
      closed: (code, reason) => this.lost(code, reason),
    });
  }

  private identify(token: string): void {
    const cursors = this.subscriptions.begin();
    const presence = this.options.presence === true ? { presence: true } : {};
    this.socket?.send(
      cursors.length === 0 ? { op: "identify", token, ...presence } : { op: "resume", token, cursors, ...presence },
    );
  }

  private take(frame: ServerFrame): void {
    switch (frame.op) {
      case "ready":
        this.refused = undefined;
        this.backOff.reset();
        this.socket?.watch(frame.heartbeat_ms);
        this.outbox.reconnected();
        this.become({ name: "open", user: frame.user });
        this.emit({ type: "frame", frame });
        this.pump();
        return;
      case "message":
      case "message_done":
      case "change":
        this.judge(frame.conversation_id, (followed) => followed.entry(frame));
        return;
      case "message_start":
        this.judge(frame.conversation_id, (followed) => followed.start(frame));
        return;
      case "delta":
        this.judge(frame.conversation_id, (followed) => followed.delta(frame));
        return;
      case "subscribed":
        this.subscriptions.answered(frame.conversation_id);
        this.subscriptions.of(frame.conversation_id)?.subscribed(frame.last_seq);
        this.emit({ type: "frame", frame });
        this.pump();
        return;
      case "reset":
        this.reset(frame);
        return;
      case "ack":
        this.acknowledged(frame);
        return;
      case "error":
        this.failed(frame);
        return;
      case "reconnect":
        this.askedToWaitMs = frame.after_ms;
        return;
      default:
        this.emit({ type: "frame", frame });
    }
  }

  private judge(conversationId: string, verdictOf: (followed: Followed) => Verdict): void {
    const followed = this.subscriptions.of(conversationId);
    if (followed === undefined) {
      return;
    }
    const verdict = verdictOf(followed);
    if (verdict === "gap") {
      this.subscriptions.ask(conversationId);
      this.pump();
    } else if (verdict !== "skip") {
      this.emit({ type: "frame", frame: verdict.pass });
    }
  }

  private reset(frame: Extract<ServerFrame, { op: "reset" }>): void {
    const isFollowed = this.subscriptions.of(frame.conversation_id) !== undefined;
    if (isFollowed && mayPass(frame.code)) {
      this.socket?.give("the server could not go on with a conversation");
      return;
    }
    this.subscriptions.unfollow(frame.conversation_id);
    this.emit({ type: "frame", frame });
  }

  private acknowledged(frame: Extract<ServerFrame, { op: "ack" }>): void {
    const entry = this.outbox.acknowledged(frame.client_id);
    if (entry !== undefined) {
      this.emit({ type: "acknowledged", entry, frame });
      this.outboxChanged();
    }
  }

  private failed(frame: Extract<ServerFrame, { op: "error" }>): void {
    const { code, message, ref, retry_after_ms } = frame;
    if (this.current.name !== "open") {
      if (code === "unauthenticated" || code === "token_expired" || mayPass(code)) {
        // The close that follows says what to do.
        return;
      }
      this.leave({ name: "stopped", reason: message });
      return;
    }
    const refusedSubscription = ref === undefined ? undefined : this.subscriptions.refused(ref);
    const catchingUp = ref === undefined && this.subscriptions.areCatchingUp;
    if ((refusedSubscription !== undefined || catchingUp) && mayPass(code)) {
      this.socket?.give(message);
      return;
    }
    if (refusedSubscription !== undefined) {
      this.subscriptions.unfollow(refusedSubscription);
      const reset = { op: "reset", conversation_id: refusedSubscription, code, message } as const;
      this.emit({ type: "frame", frame: reset });
    } else if (ref !== undefined && this.outbox.refused(ref, { code, message }, retry_after_ms, Date.now())) {
      this.outboxChanged();
    } else {
      this.emit({ type: "frame", frame });
    }
    this.pump();
  }

  private lost(code: number, reason: string): void {
    this.socket = undefined;
    switch (recovery(code)) {
      case "stop":
        this.leave({ name: "stopped", reason: reason || `closed with ${code}` });
        return;
      case "reauthenticate": {
        const again = this.refused !== undefined;
        this.refused = this.token;
        if (again) {
          this.wait(reason);
        } else {
          void this.connect();
        }
        return;
      }
      case "resume":
        this.wait(reason || "the connection broke");
    }
  }

  private wait(reason: string): void {
    const wait = this.askedToWaitMs ?? this.backOff.next();
    this.askedToWaitMs = undefined;
    clearTimeout(this.dueTimer);
    this.retryTimer = setTimeout(() => void this.connect(), wait);
    this.become({ name: "waiting", until: Date.now() + wait, reason });
  }

  private leave(state: ConnectionState): void {
    this.attempt += 1;
    clearTimeout(this.retryTimer);
    clearTimeout(this.dueTimer);
    this.socket?.close();
    this.socket = undefined;
    this.become(state);
  }

  private outboxChanged(): void {
    this.emit({ type: "outbox", entries: this.outbox.entries });
    this.pump();
  }

  /** Sends what is due, and comes back when the next is. */
  private pump(): void {
    if (this.current.name !== "open") {
      return;
    }
    for (const { conversationId, afterSeq } of this.subscriptions.toAsk()) {
      const after = afterSeq === undefined ? {} : { after_seq: afterSeq };
      const ref = this.request({ op: "subscribe", conversation_id: conversationId, ...after });
      if (ref !== undefined) {
        this.subscriptions.asked(conversationId, ref);
      }
    }
    for (const frame of this.outbox.takeDue(Date.now())) {
      this.socket?.send({ ...frame, ref: frame.client_id });
    }
    clearTimeout(this.dueTimer);
    const due = this.outbox.nextDue();
    if (due !== undefined) {
      this.dueTimer = setTimeout(() => this.pump(), Math.max(due - Date.now(), 0));
    }
  }

  private become(state: ConnectionState): void {
    this.current = state;
    this.emit({ type: "state", state });
  }

  private emit(event: ConnectionEvent): void {
    for (const listener of [...this.listeners]) {
      listener(event);
    }
  }
}
