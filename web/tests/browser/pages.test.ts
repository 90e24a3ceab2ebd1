import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { icon } from "../../build/icons.mjs";
import { call, loggedIn, RealServer, registered } from "../real-server";
import { launch, Visit, WEB_DIR } from "./browser";
import { LOOKS, picture } from "./looks";

let browser: Browser;
let server: RealServer;

beforeAll(async () => {
  server = await RealServer.start({ TWIN_WEB_DIR: WEB_DIR });
  const owner = await registered(server, "Owner");
  const greeting = "Hello, I am the twin of somebody who repairs lighthouses. Ask me about lenses and storms.";
  await call(server, "/api/v1/twins", { name: "Ada", greeting, visibility: "public" }, owner.token);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test.each(LOOKS)(
  "every page stands within its policy and its window, and keeps nobody out: %s",
  async (look, options, isChinese) => {
    const visit = await Visit.of(browser, server.url, options);
    const { page } = visit;
    await visit.go("/");
    await page.getByRole("button", { name: isChinese ? "登录" : "Sign in" }).waitFor();
    await picture(page, look, "1-welcome");
    const name = `Kim${LOOKS.findIndex(([other]) => other === look)}`;
    await registered(server, name);
    await page.locator('input[name="email"]').fill(`${name.toLowerCase()}@example.com`);
    await page.locator('input[name="password"]').fill("wrong password");
    await page.keyboard.press("Enter");
    await page.locator('main [role="alert"]').waitFor();
    await picture(page, look, "2-wrong-password");
    await page.locator('input[name="password"]').fill("a long passphrase");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Ada" }).waitFor();
    await picture(page, look, "3-home");
    const { token } = await loggedIn(server, name);
    const [twin] = (await call<{ items: { id: string }[] }>(server, "/api/v1/twins", undefined, token)).items;
    const room = { title: "The lighthouse keepers", twins: [twin?.id] };
    const { id } = await call<{ id: string }>(server, "/api/v1/conversations", room, token);
    await visit.go(`/chat?id=${id}`);
    const field = page.locator("main textarea").first();
    await field.fill(
      "@Ada Who looks after the **lens**?\n\n- weekly\n- after storms\n\n| part | state |\n| - | - |\n| prisms | clean |",
    );
    await field.press("Enter");
    await visit.bubbles("AI").first().waitFor();
    await field.fill("@Ada\n!wait");
    await field.press("Enter");
    await page.getByRole("button", { name: isChinese ? "停止" : "Stop" }).waitFor();
    await picture(page, look, "4-chat");
    await page.getByRole("button", { name: isChinese ? "成员" : "Members" }).click();
    await page.getByRole("dialog").waitFor();
    await picture(page, look, "5-members");
    await page.keyboard.press("Escape");
    await page.locator('input[type="file"]').setInputFiles([
      { name: "two people.png", mimeType: "image/png", buffer: icon(240) },
      {
        name: "Notes on the lens, as they were found in the tower after the storm.txt",
        mimeType: "text/plain",
        buffer: Buffer.from("words"),
      },
      { name: "empty.txt", mimeType: "text/plain", buffer: Buffer.from("") },
    ]);
    await page.locator('[data-state="failed"]').waitFor();
    await page.locator('[data-state="there"]').nth(1).waitFor();
    await picture(page, look, "7-files");
    await page.locator('[data-state="failed"] button').last().click();
    await field.fill("The lens and what was written about it");
    await field.press("Enter");
    await page.waitForFunction(() => (document.querySelector<HTMLImageElement>("article img")?.naturalWidth ?? 0) > 0);
    await picture(page, look, "8-sent-files");
    await visit.go("/search?q=lens");
    await page.locator("mark").first().waitFor();
    await picture(page, look, "9-search");
    await call(server, "/api/v1/bots", { name: "Weather" }, token);
    await call(server, "/api/v1/keys", { name: "notebook", expires_in_days: 30 }, token);
    await visit.go("/settings");
    await page.getByText("Weather").waitFor();
    await page.getByText("notebook").waitFor();
    await page.locator("#devices li").first().waitFor();
    await page.locator("#notifications select").first().waitFor();
    await picture(page, look, "10-settings");
    for (const id of ["devices", "keys", "account"]) {
      await page.locator(`#${id}`).scrollIntoViewIfNeeded();
      await picture(page, look, `10-settings-${id}`);
    }
    await visit.go("/join?code=gone");
    await page.getByText(isChinese ? "此邀请已失效。" : "This invitation is of no use any more.").waitFor();
    await picture(page, look, "6-invitation");
    await visit.go("/no/such/page");
    await page.getByRole("heading", { name: isChinese ? "这里什么也没有。" : "There is nothing here." }).waitFor();
    expect(visit.offences).toEqual([]);
    await visit.close();
  },
);
