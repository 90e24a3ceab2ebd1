import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, loggedIn, RealServer } from "../real-server";
import { launch, REPLY_TIMEOUT_MS, Visit, WEB_DIR } from "./browser";

let browser: Browser;
let server: RealServer;

beforeAll(async () => {
  server = await RealServer.start({ TWIN_WEB_DIR: WEB_DIR, TWIN_ENGINE: "torch" }, ["seed"]);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test("a first visit is in a conversation with the demo twin after two clicks", async () => {
  const visit = await Visit.of(browser, server.url);
  await visit.go("/");
  await visit.page.getByRole("button", { name: "Try the demo account" }).click();
  await visit.page.getByRole("button", { name: "Talk with Ada" }).click();
  await visit.field.waitFor();
  await visit.page.getByText("Hello, I am Ada's twin.").waitFor();
  expect(visit.offences).toEqual([]);
  await visit.close();
});

test("who signs up and asks the demo twin sees the answer being written, and what it was drawn from", async () => {
  const visit = await Visit.of(browser, server.url);
  await visit.signUp("Ana");
  await visit.talkWith("Ada");
  await visit.say("How many prisms does the lens of Skarholm have?");
  await visit.page.getByRole("button", { name: "Stop" }).waitFor();
  const reply = visit.bubbles("Ada, a twin; AI wrote this");
  await reply.getByText("214").first().waitFor({ timeout: REPLY_TIMEOUT_MS });
  await reply.getByRole("button", { name: /^\d+ sources?$/ }).click();
  await reply.getByText("skarholm-lighthouse.md").first().waitFor();
  expect(visit.offences).toEqual([]);
  await visit.close();
});

test(
  "nothing is lost or doubled on the screen when the server is killed in the middle of a reply and started again",
  async () => {
    // So high that everything is in view, and drawn.
    const visit = await Visit.of(browser, server.url, { viewport: { width: 1280, height: 3000 } });
    const { page } = visit;
    await visit.signUp("Bo");
    await visit.talkWith("Ada");
    await visit.say("Tell me all about the Osprey project, from its beginning to its end.");
    const replies = visit.bubbles("Ada, a twin; AI wrote this");
    await page.locator('article [data-running="true"]').waitFor({ timeout: REPLY_TIMEOUT_MS });
    await server.kill();
    await page.getByText("No connection.").waitFor();
    await visit.say("And who is Ulla?");
    await page.getByText("Waits for the connection").waitFor();
    await server.start();
    await page.getByText("No connection.").waitFor({ state: "detached" });
    // Both are answered: nothing is being written, and two replies stand there.
    await replies.nth(1).waitFor({ timeout: REPLY_TIMEOUT_MS });
    const isWhole = () => document.querySelectorAll("article [data-stops]").length === 0;
    await page.waitForFunction(isWhole, undefined, { timeout: REPLY_TIMEOUT_MS });

    const kept = await messagesOf("Bo");
    expect(kept.map(({ author }) => author.kind).sort()).toEqual(["twin", "twin", "user", "user"]);
    const shown = await visit.bubbles().evaluateAll((all) => all.map((each) => each.getAttribute("data-own") !== null));
    expect(shown).toEqual(kept.map((message) => message.author.kind === "user"));
    const words = await replies.evaluateAll((all) => all.map((each) => each.textContent ?? ""));
    const letters = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, "");
    for (const message of kept.filter(({ author }) => author.kind === "twin")) {
      const places = words.filter((text) => letters(text).includes(letters(message.text)));
      expect(places.length, message.text).toBe(1);
    }
    expect(visit.offences).toEqual([]);
    await visit.close();
  },
  REPLY_TIMEOUT_MS * 3,
);

/** What the log has of somebody's newest conversation. */
async function messagesOf(name: string): Promise<{ author: { kind: string }; text: string }[]> {
  const { token } = await loggedIn(server, name);
  type Page<Item> = { items: Item[] };
  const list = await call<Page<{ id: string }>>(server, "/api/v1/conversations", undefined, token);
  const path = `/api/v1/conversations/${list.items[0]?.id}/messages`;
  return (await call<Page<{ author: { kind: string }; text: string }>>(server, path, undefined, token)).items;
}
