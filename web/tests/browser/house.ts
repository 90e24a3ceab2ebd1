/** What a file of browser tests stands on: a server, a browser, and visits that may do nothing that a page must not. */

import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { WebSocket } from "ws";
import { Connection, type ConnectionOptions } from "@/connection/index";
import { call, RealServer, registered } from "../real-server";
import { launch, Visit, WEB_DIR } from "./browser";

export class House {
  private browser: Browser | undefined;
  private running: RealServer | undefined;
  private visits: Visit[] = [];

  /** Opens before the tests of a file and closes after them; a public twin called Echo lives there. */
  constructor(settings: Record<string, string> = {}) {
    beforeAll(async () => {
      this.running = await RealServer.start({ TWIN_WEB_DIR: WEB_DIR, ...settings });
      const owner = await registered(this.server, "Owner");
      await call(this.server, "/api/v1/twins", { name: "Echo", visibility: "public" }, owner.token);
      this.browser = await launch();
    });
    afterEach(async () => {
      const offences = this.visits.flatMap((visit) => visit.offences);
      await Promise.all(this.visits.map((visit) => visit.close()));
      this.visits = [];
      expect(offences).toEqual([]);
    });
    afterAll(async () => {
      await this.browser?.close();
      await this.running?.stop();
    });
  }

  get server(): RealServer {
    if (this.running === undefined) {
      throw new Error("the house is not open");
    }
    return this.running;
  }

  async visit(options: BrowserContextOptions = {}): Promise<Visit> {
    if (this.browser === undefined) {
      throw new Error("the house is not open");
    }
    const visit = await Visit.of(this.browser, this.server.url, options);
    this.visits.push(visit);
    return visit;
  }

  /** Somebody who has just made an account. */
  async newcomer(name: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const visit = await this.visit(options);
    await visit.signUp(name);
    return visit;
  }

  /** Somebody with an account, in a browser of their own. */
  async signedIn(name: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const visit = await this.visit(options);
    await visit.signIn(name);
    return visit;
  }

  /** Sends texts one after the other and waits until each is committed. */
  async write(token: string, conversation_id: string, texts: readonly string[]): Promise<void> {
    const connection = new Connection({
      url: `${this.server.url.replace("http", "ws")}/ws`,
      token: async () => token,
      WebSocket: WebSocket as unknown as ConnectionOptions["WebSocket"],
    });
    // The outbox has room for two hundred.
    for (let first = 0; first < texts.length; first += 100) {
      await this.writeAll(connection, conversation_id, texts.slice(first, first + 100));
    }
    connection.stop();
  }

  private writeAll(connection: Connection, conversation_id: string, texts: readonly string[]): Promise<void> {
    for (const text of texts) {
      connection.send({ op: "send", conversation_id, client_id: `w${crypto.randomUUID()}`, text });
    }
    return new Promise((resolve) => {
      const leave = connection.listen((event) => {
        if (event.type === "outbox" && event.entries.length === 0) {
          leave();
          resolve();
        }
      });
      connection.start();
    });
  }
}
