/** A server that says what a test tells it to, and keeps what it heard. */

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import {
  type ClientFrame,
  Connection,
  type ConnectionEvent,
  type ConnectionOptions,
  type ServerFrame,
} from "@/connection/index";

export const USER = { id: "u", name: "Ana" };

/** One connection of the client under test. */
export class Peer {
  private readonly heard: ClientFrame[] = [];
  private readonly waiting: ((frame: ClientFrame) => void)[] = [];

  constructor(readonly socket: WebSocket) {
    socket.on("message", (data) => {
      const frame = JSON.parse(data.toString()) as ClientFrame;
      const next = this.waiting.shift();
      if (next === undefined) {
        this.heard.push(frame);
      } else {
        next(frame);
      }
    });
  }

  /** The next frame of the client. */
  next(): Promise<ClientFrame> {
    const frame = this.heard.shift();
    return frame === undefined ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve(frame);
  }

  say(...frames: ServerFrame[]): void {
    for (const frame of frames) {
      this.socket.send(JSON.stringify(frame));
    }
  }

  /** Lets the client in and returns its first frame. */
  async welcome(heartbeat_ms = 20_000): Promise<ClientFrame> {
    const first = await this.next();
    this.say({ op: "ready", session_id: "s", user: USER, heartbeat_ms });
    return first;
  }
}

export class ScriptedServer {
  private readonly peers: Peer[] = [];
  private readonly waiting: ((peer: Peer) => void)[] = [];

  private constructor(private readonly server: WebSocketServer) {
    server.on("connection", (socket) => {
      const peer = new Peer(socket);
      const next = this.waiting.shift();
      if (next === undefined) {
        this.peers.push(peer);
      } else {
        next(peer);
      }
    });
  }

  static async start(): Promise<ScriptedServer> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    return new ScriptedServer(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/ws`;
  }

  /** The next connection of the client. */
  accept(): Promise<Peer> {
    const peer = this.peers.shift();
    return peer === undefined ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve(peer);
  }

  stop(): void {
    for (const client of this.server.clients) {
      client.terminate();
    }
    this.server.close();
  }
}

/** A connection under test with everything that it told. */
export class Client {
  readonly connection: Connection;
  readonly events: ConnectionEvent[] = [];
  private readonly watchers = new Set<() => void>();

  constructor(options: Partial<ConnectionOptions> & { url: string }) {
    this.connection = new Connection({
      token: async () => "token",
      WebSocket: WebSocket as unknown as ConnectionOptions["WebSocket"],
      random: () => 0,
      ...options,
    });
    this.connection.listen((event) => {
      this.events.push(event);
      for (const watcher of this.watchers) {
        watcher();
      }
    });
    this.connection.start();
  }

  get frames(): ServerFrame[] {
    return this.events.flatMap((event) => (event.type === "frame" ? [event.frame] : []));
  }

  /** Waits until what was told is enough. */
  until(enough: (client: Client) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const watcher = () => {
        if (enough(this)) {
          this.watchers.delete(watcher);
          resolve();
        }
      };
      this.watchers.add(watcher);
      watcher();
    });
  }
}
