/** How pages are looked at: for people on pictures, and by axe. */

import { fileURLToPath } from "node:url";
import axe from "axe-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";

/** For people to look at; git knows nothing of it. */
const PICTURES = fileURLToPath(new URL("../../screenshots/", import.meta.url));

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

const SMALLEST = { width: 320, height: 640 };

export const LOOKS: readonly [string, BrowserContextOptions, boolean][] = [
  ["desktop-light", { viewport: DESKTOP, colorScheme: "light" }, false],
  ["desktop-dark", { viewport: DESKTOP, colorScheme: "dark" }, false],
  ["phone-light", { viewport: PHONE, colorScheme: "light", hasTouch: true, isMobile: true }, false],
  ["smallest-light", { viewport: SMALLEST, colorScheme: "light" }, false],
  ["phone-dark-zh", { viewport: PHONE, colorScheme: "dark", hasTouch: true, isMobile: true, locale: "zh-CN" }, true],
];

/** Takes a picture of a page, which must fit its window and keep nobody out. */
export async function picture(page: Page, look: string, name: string): Promise<void> {
  await page.screenshot({ path: `${PICTURES}${look}-${name}.png` });
  expect(await barriers(page), name).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow, `${name} is wider than its window`).toBeLessThanOrEqual(0);
}

/** What axe finds that keeps people from using a page. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
