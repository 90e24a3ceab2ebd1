/** What a page has loaded to run. */

import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";

export interface Script {
  url: string;
  /** Its size as it travels to browsers that take gzip. */
  gzip: number;
}

/** The scripts that a page has loaded so far, of workers too. */
export async function scriptsOf(page: Page): Promise<Script[]> {
  const urls = await page.evaluate(() => {
    const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
    return loaded.filter((url) => new URL(url).pathname.endsWith(".js"));
  });
  return Promise.all(
    [...new Set(urls)].map(async (url) => {
      const content = await (await fetch(url)).arrayBuffer();
      return { url, gzip: gzipSync(new Uint8Array(content), { level: 9 }).length };
    }),
  );
}
