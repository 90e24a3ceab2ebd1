import type { WebSocketRoute } from "playwright-core";
import { expect, test } from "vitest";
import { call, loggedIn } from "../real-server";
import type { Visit } from "./browser";
import { House } from "./house";

const house = new House();

/** Longer than anything takes on a busy machine. */
const PATIENCE = { timeout: 20_000 };

type Draft = { text: string };

/** What the server has of somebody's drafts. */
async function kept(name: string): Promise<string[]> {
  const { token } = await loggedIn(house.server, name);
  const list = await call<{ items: Draft[] }>(house.server, "/api/v1/drafts", undefined, token);
  return list.items.map(({ text }) => text);
}

async function shows(visit: Visit, text: string): Promise<void> {
  await visit.page.waitForFunction(
    (text) => document.querySelector<HTMLTextAreaElement>("main textarea")?.value === text,
    text,
  );
}

/** The same person on two devices, in the same conversation. */
async function twoDevices(name: string): Promise<[Visit, Visit]> {
  const here = await house.newcomer(name);
  await here.talkWith("Echo");
  const elsewhere = await house.signedIn(name);
  await elsewhere.talkWith("Echo");
  return [here, elsewhere];
}

test("what one begins to write goes from device to device, survives a reload, and is gone when it is sent", async () => {
  const [here, elsewhere] = await twoDevices("Ana");
  await here.field.pressSequentially("Half a");
  await shows(elsewhere, "Half a");
  await elsewhere.field.press("End");
  await elsewhere.field.pressSequentially(" sentence");
  await shows(here, "Half a sentence");
  await here.page.reload();
  await shows(here, "Half a sentence");
  const fresh = await house.signedIn("Ana");
  await fresh.talkWith("Echo");
  await shows(fresh, "Half a sentence");
  // What the server has does not stay in a browser that somebody has signed out of.
  await fresh.page.getByRole("button", { name: "Menu of Ana" }).click();
  await fresh.page.getByRole("button", { name: "Sign out" }).click();
  await fresh.page.getByRole("button", { name: "Sign in" }).waitFor();
  expect(await fresh.page.evaluate(() => JSON.stringify(localStorage))).not.toContain("Half a");
  await here.field.press("Enter");
  await here.bubbles("You, a person").waitFor();
  await shows(elsewhere, "");
  await expect.poll(() => kept("Ana"), PATIENCE).toEqual([]);
});

test("of what two devices have written without knowing of each other neither is lost", async () => {
  const here = await house.newcomer("Bo");
  await here.talkWith("Echo");
  const elsewhere = await house.visit();
  const line = await cuttable(elsewhere);
  await elsewhere.signIn("Bo");
  await elsewhere.talkWith("Echo");
  for (const [choice, outcome] of [
    ["Keep both", "there\n\nhere"],
    ["Take that", "here"],
    ["Keep what is here", "there"],
  ] as const) {
    await line.cut();
    await elsewhere.page.getByText("No connection.").waitFor();
    await here.field.fill("here");
    await expect.poll(() => kept("Bo"), PATIENCE).toEqual(["here"]);
    await elsewhere.field.fill("there");
    await line.mend();
    const conflict = elsewhere.page.getByRole("region", { name: /On another device/ });
    await conflict.getByText("here", { exact: true }).waitFor();
    await shows(elsewhere, "there");
    await conflict.getByRole("button", { name: choice }).focus();
    await elsewhere.page.keyboard.press("Enter");
    await conflict.waitFor({ state: "detached" });
    await shows(elsewhere, outcome);
    await shows(here, outcome);
    await expect.poll(() => kept("Bo"), PATIENCE).toEqual([outcome]);
    await here.field.fill("");
    await shows(elsewhere, "");
    await expect.poll(() => kept("Bo"), PATIENCE).toEqual([]);
  }
});

/** A visit whose line can be cut; the browser alone would leave a WebSocket that is open as it is. */
async function cuttable(visit: Visit): Promise<{ cut(): Promise<void>; mend(): Promise<void> }> {
  let isCut = false;
  const open = new Set<WebSocketRoute>();
  await visit.page.routeWebSocket(/\/ws$/, (socket) => {
    if (isCut) {
      void socket.close({ code: 1011 });
    } else {
      socket.connectToServer();
      open.add(socket);
    }
  });
  const context = visit.page.context();
  return {
    cut: async () => {
      isCut = true;
      await context.setOffline(true);
      for (const socket of open) {
        await socket.close({ code: 1011 });
      }
      open.clear();
    },
    mend: async () => {
      isCut = false;
      await context.setOffline(false);
    },
  };
}

test("a draft that answers a message does so on the next device, too", async () => {
  const cid = await house.newcomer("Cid");
  await cid.talkWith("Echo");
  await cid.say("!say a question");
  const reply = cid.bubbles("AI wrote this").first();
  await reply.getByText("a question", { exact: true }).waitFor();
  await reply.hover();
  await reply.getByRole("button", { name: "Answer" }).click();
  await cid.field.fill("an answer");
  await expect.poll(() => kept("Cid"), PATIENCE).toEqual(["an answer"]);
  const elsewhere = await house.signedIn("Cid");
  await elsewhere.page.getByRole("link", { name: /Echo/ }).click();
  await shows(elsewhere, "an answer");
  await elsewhere.page.getByText("You answer Echo: a question").waitFor();
  await elsewhere.field.press("Enter");
  await cid.bubbles("You, a person").last().getByText("Answer to Echo").waitFor();
});
