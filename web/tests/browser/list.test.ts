import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { call, loggedIn, registered } from "../real-server";
import { House } from "./house";

const house = new House({ TWIN_SENDS_PER_MINUTE: "1000000", TWIN_REPLY_TOKENS_MAX: "2000" });

const PHONE = { viewport: { width: 390, height: 600 } };

/** Pixels of one turn of the wheel: so few that what stands in the middle of the window is still drawn after it. */
const WHEEL_PX = 300;

/** More than anybody scrolls in one frame, and far less than a page of messages is high. */
const FRAME_PX_MAX = 1_000;

const list = (page: Page) => page.locator('[data-testid="messages"]');

/** Pixels from what is in view to the end. */
const toTheEnd = (page: Page) =>
  list(page).evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight);

const newest = (page: Page) => page.getByRole("button", { name: "To the newest message" });

/** Scrolls as a hand does on a wheel. */
async function wheel(page: Page, by: number): Promise<void> {
  await list(page).hover();
  await page.mouse.wheel(0, by);
}

test("what is in view stays where it is while older messages come in front of it", async () => {
  const ana = await house.newcomer("Ana", PHONE);
  const bo = await registered(house.server, "Bo");
  const { token } = await loggedIn(house.server, "Ana");
  const room = { title: "Room", members: [bo.id] };
  const { id } = await call<{ id: string }>(house.server, "/api/v1/conversations", room, token);
  const texts = Array.from({ length: 320 }, (_, number) => `line ${number} ${"of several words ".repeat(number % 5)}`);
  await house.write(bo.token, id, texts);
  await ana.go(`/chat?id=${id}`);
  const { page } = ana;
  await ana.bubbles().first().waitFor();
  if (await newest(page).isVisible()) {
    await newest(page).click();
  }
  await list(page).getByText("line 319").waitFor();
  // In each frame: how far the row in the middle of the window has moved otherwise than it was scrolled.
  await list(page).evaluate((element) => {
    const middle = () => {
      const { top, height } = element.getBoundingClientRect();
      const rows = [...element.querySelectorAll<HTMLElement>("[data-row]")];
      return rows.find((row) => row.getBoundingClientRect().bottom > top + height / 2);
    };
    const watch = { jumps: [] as number[], pages: 0, isOn: true };
    Object.assign(window, { watch });
    let [row, at, height] = [middle(), 0, element.scrollHeight];
    at = row?.getBoundingClientRect().top ?? 0;
    const look = () => {
      const grew = element.scrollHeight - height > 2_000;
      if (grew && row?.isConnected) {
        watch.pages += 1;
        watch.jumps.push(Math.round(row.getBoundingClientRect().top - at));
      }
      [row, height] = [middle(), element.scrollHeight];
      at = row?.getBoundingClientRect().top ?? 0;
      if (watch.isOn) {
        requestAnimationFrame(look);
      }
    };
    requestAnimationFrame(look);
  });
  while ((await list(page).getByText("line 0 ").count()) === 0) {
    await wheel(page, -WHEEL_PX);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  const { jumps, pages } = await page.evaluate(() => {
    const { watch } = window as unknown as { watch: { jumps: number[]; pages: number; isOn: boolean } };
    watch.isOn = false;
    return watch;
  });
  expect(pages).toBeGreaterThanOrEqual(2);
  expect(Math.max(...jumps.map(Math.abs))).toBeLessThanOrEqual(FRAME_PX_MAX);
});

test("the end stays in view while a reply grows, until somebody scrolls up and then comes back", async () => {
  const cleo = await house.newcomer("Cleo", PHONE);
  const { page } = cleo;
  await cleo.talkWith("Echo");
  await cleo.say("!slow 300");
  await list(page).getByText("tick 300").waitFor();
  await expect.poll(() => toTheEnd(page)).toBeLessThanOrEqual(1);
  // Its last word comes three seconds after the others.
  await cleo.say(`!late 3 ${"words ".repeat(150)}finished`);
  const reply = list(page).locator('article[aria-label*="AI"]').last();
  await reply.getByText("words words").waitFor();
  await expect.poll(() => toTheEnd(page)).toBeLessThanOrEqual(1);
  await wheel(page, -300);
  await expect.poll(() => toTheEnd(page)).toBeGreaterThanOrEqual(299);
  await newest(page).waitFor();
  const before = await list(page).evaluate((element) => element.scrollTop);
  await reply.getByText("words finished").waitFor();
  expect(Math.abs((await list(page).evaluate((element) => element.scrollTop)) - before)).toBeLessThanOrEqual(1);
  await newest(page).click();
  await expect.poll(() => toTheEnd(page)).toBeLessThanOrEqual(1);
  await newest(page).waitFor({ state: "detached" });
  await cleo.say("!slow 200");
  await list(page).getByText("tick 200").last().waitFor();
  await expect.poll(() => toTheEnd(page)).toBeLessThanOrEqual(1);
});
