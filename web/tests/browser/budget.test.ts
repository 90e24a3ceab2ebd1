import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, loggedIn, RealServer, registered } from "../real-server";
import { launch, Visit, WEB_DIR } from "./browser";
import { scriptsOf } from "./scripts";

/** What a phone on a slow network is asked to load before one can write. */
const SCRIPTS_GZIP_BYTES_MAX = 250_000;

let browser: Browser;
let server: RealServer;

beforeAll(async () => {
  server = await RealServer.start({ TWIN_WEB_DIR: WEB_DIR });
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test("a conversation loads no more JavaScript than it may, from the first visit on", async () => {
  const visit = await Visit.of(browser, server.url);
  await visit.signUp("Kim");
  const { token } = await loggedIn(server, "Kim");
  const mo = await registered(server, "Mo");
  const room = await call<{ id: string }>(server, "/api/v1/conversations", { members: [mo.id] }, token);
  await visit.go(`/chat?id=${room.id}`);
  await visit.field.waitFor();
  await visit.say("**Hello**\n\n- one\n- two");
  await visit.bubbles().first().waitFor();
  const scripts = await scriptsOf(visit.page);
  const told = scripts.map(({ url, gzip }) => `${gzip} ${new URL(url).pathname}`).join("\n");
  const bytes = scripts.reduce((sum, { gzip }) => sum + gzip, 0);
  expect(bytes, told).toBeLessThanOrEqual(SCRIPTS_GZIP_BYTES_MAX);
  // What is loaded is known: a list that is empty would hold any promise.
  expect(scripts.length).toBeGreaterThan(5);
  await visit.close();
});
