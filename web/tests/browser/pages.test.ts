import { fileURLToPath } from "node:url";
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { icon } from "../../build/icons.mjs";
import { call, loggedIn, RealServer, registered } from "../real-server";
import { launch, Visit, WEB_DIR } from "./browser";

/** For people to look at; git knows nothing of it. */
const PICTURES = fileURLToPath(new URL("../../screenshots/", import.meta.url));

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const SMALLEST = { width: 320, height: 640 };

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

const looks: [string, BrowserContextOptions, boolean][] = [
  ["desktop-light", { viewport: DESKTOP, colorScheme: "light" }, false],
  ["desktop-dark", { viewport: DESKTOP, colorScheme: "dark" }, false],
  ["phone-light", { viewport: PHONE, colorScheme: "light", hasTouch: true, isMobile: true }, false],
  ["smallest-light", { viewport: SMALLEST, colorScheme: "light" }, false],
  ["phone-dark-zh", { viewport: PHONE, colorScheme: "dark", hasTouch: true, isMobile: true, locale: "zh-CN" }, true],
];

test.each(looks)(
  "every page stands within its policy and its window, and keeps nobody out: %s",
  async (look, options, isChinese) => {
    const visit = await Visit.of(browser, server.url, options);
    const { page } = visit;
    const picture = async (name: string) => {
      await page.screenshot({ path: `${PICTURES}${look}-${name}.png` });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow, `${name} is wider than its window`).toBeLessThanOrEqual(0);
      expect(await barriers(page), name).toEqual([]);
    };
    await visit.go("/");
    await page.getByRole("button", { name: isChinese ? "登录" : "Sign in" }).waitFor();
    await picture("1-welcome");
    const name = `Kim${looks.findIndex(([other]) => other === look)}`;
    await registered(server, name);
    await page.locator('input[name="email"]').fill(`${name.toLowerCase()}@example.com`);
    await page.locator('input[name="password"]').fill("wrong password");
    await page.keyboard.press("Enter");
    await page.locator('main [role="alert"]').waitFor();
    await picture("2-wrong-password");
    await page.locator('input[name="password"]').fill("a long passphrase");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Ada" }).waitFor();
    await picture("3-home");
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
    await picture("4-chat");
    await page.getByRole("button", { name: isChinese ? "成员" : "Members" }).click();
    await page.getByRole("dialog").waitFor();
    await picture("5-members");
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
    await picture("7-files");
    await page.locator('[data-state="failed"] button').last().click();
    await field.fill("The lens and what was written about it");
    await field.press("Enter");
    await page.waitForFunction(() => (document.querySelector<HTMLImageElement>("article img")?.naturalWidth ?? 0) > 0);
    await picture("8-sent-files");
    await visit.go("/search?q=lens");
    await page.locator("mark").first().waitFor();
    await picture("9-search");
    await call(server, "/api/v1/bots", { name: "Weather" }, token);
    await call(server, "/api/v1/keys", { name: "notebook", expires_in_days: 30 }, token);
    await visit.go("/settings");
    await page.getByText("Weather").waitFor();
    await page.getByText("notebook").waitFor();
    await page.locator("#devices li").first().waitFor();
    await page.locator("#notifications select").first().waitFor();
    await picture("10-settings");
    for (const id of ["devices", "keys", "account"]) {
      await page.locator(`#${id}`).scrollIntoViewIfNeeded();
      await picture(`10-settings-${id}`);
    }
    await visit.go("/join?code=gone");
    await page.getByText(isChinese ? "此邀请已失效。" : "This invitation is of no use any more.").waitFor();
    await picture("6-invitation");
    await visit.go("/no/such/page");
    await page.getByRole("heading", { name: isChinese ? "这里什么也没有。" : "There is nothing here." }).waitFor();
    expect(visit.offences).toEqual([]);
    await visit.close();
  },
);

/** What axe finds that keeps people from using a page. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
