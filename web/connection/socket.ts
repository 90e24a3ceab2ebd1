/** One WebSocket of the protocol: frames in and out, and the notice that nobody is at the other end any more. */

import { type Codec, decodeFrame } from "./codec.ts";
import type { ClientFrame, ServerFrame } from "./frames.generated.ts";

/** What is needed of a WebSocket; browsers, Node 22 and the package `ws` have it. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** What a socket tells its owner. After `closed` it tells nothing more. */
export interface SocketOwner {
  opened(): void;
  received(frame: ServerFrame): void;
  closed(code: number, reason: string): void;
}

/** A connection may take this long to open and to be let in. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Bytes that may wait to be written; past it the network has stopped. */
const BUFFERED_BYTES_MAX = 1 << 20;

/** The close code that stands for none: the connection broke. */
const BROKEN = 1006;

const OPEN = 1;

export class Socket {
  private readonly socket: WebSocketLike;
  private owner: SocketOwner | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private heard = true;
  private pinged = false;

  constructor(
    implementation: WebSocketConstructor,
    url: string,
    private readonly codec: Codec,
    owner: SocketOwner,
  ) {
    this.owner = owner;
    this.socket = new implementation(url, [codec.subprotocol]);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => this.owner?.opened();
    this.socket.onmessage = (event) => this.receive(event.data);
    this.socket.onclose = (event) => this.end(event.code, event.reason);
    // A close follows every error and says more.
    this.socket.onerror = () => {};
    this.timer = setTimeout(() => this.give("no answer in ten seconds"), CONNECT_TIMEOUT_MS);
  }

  /** Writes a frame; says whether the network takes any. */
  send(frame: ClientFrame): boolean {
    if (this.socket.readyState !== OPEN || this.socket.bufferedAmount > BUFFERED_BYTES_MAX) {
      return false;
    }
    this.socket.send(this.codec.encode(frame));
    return true;
  }

  /**
   * The client is let in: from now on the server must be heard. Pages cannot see WebSocket pings, so they ask themselves;
   * who hears nothing between two questions has lost the server.
   */
  watch(heartbeatMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.pinged && !this.heard) {
        this.give("the server has been silent for too long");
        return;
      }
      this.pinged = !this.heard && this.send({ op: "ping" });
      this.heard = false;
      this.watch(heartbeatMs);
    }, heartbeatMs);
  }

  /** Leaves in good order; the owner hears nothing more. */
  close(): void {
    this.owner = undefined;
    clearTimeout(this.timer);
    this.socket.close(1000);
  }

  /** Gives the connection up as broken. */
  give(reason: string): void {
    const { socket } = this;
    this.end(BROKEN, reason);
    socket.close();
  }

  private receive(data: unknown): void {
    this.heard = true;
    if (this.owner === undefined) {
      return;
    }
    let frame: ServerFrame;
    try {
      frame = decodeFrame(this.codec, data);
    } catch (error) {
      this.give(error instanceof Error ? error.message : "the frame cannot be read");
      return;
    }
    this.owner.received(frame);
  }

  private end(code: number, reason: string): void {
    clearTimeout(this.timer);
    const { owner } = this;
    this.owner = undefined;
    owner?.closed(code, reason);
  }
}
