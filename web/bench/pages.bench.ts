/**
 * How fast the pages are, beside the real server of the release build: what the chat page loads, when its largest part is painted,
 * how long a key waits, and how smoothly 100,000 messages scroll. Prints a table and asserts what was promised of sizes and frames.
 */

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { launch, Visit, WEB_DIR } from "../tests/browser/browser";
import { scriptsOf } from "../tests/browser/scripts";
import { call, type Person, RealServer, registered } from "../tests/real-server";

const MESSAGES = Number(process.env.MESSAGES ?? 100_000);
const LOADS = 5;
const KEYS = 200;

/** Messages on their way while the conversation is filled. */
const IN_FLIGHT_MAX = 50;

const TRACE = fileURLToPath(new URL("../../target/bench/scroll-trace.json", import.meta.url));

let browser: Browser;
let server: RealServer;
let long: string;
let short: string;

beforeAll(async () => {
  server = await RealServer.start({ TWIN_WEB_DIR: WEB_DIR, TWIN_SENDS_PER_MINUTE: "100000000" });
  const [ana, bo] = [await registered(server, "Ana"), await registered(server, "Bo")];
  const room = { title: "Everything", members: [bo.id] };
  long = (await call<{ id: string }>(server, "/api/v1/conversations", room, ana.token)).id;
  short = (await call<{ id: string }>(server, "/api/v1/conversations", room, ana.token)).id;
  await fill(ana, long, MESSAGES);
  await fill(ana, short, 200);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test("what the chat page loads", async () => {
  const visit = await signedIn();
  await visit.go(`/chat?id=${short}`);
  await visit.bubbles().last().waitFor();
  const scripts = await scriptsOf(visit.page);
  const bytes = scripts.reduce((sum, { gzip }) => sum + gzip, 0);
  row("JavaScript of the chat page, gzip", `${(bytes / 1_024).toFixed(1)} KiB in ${scripts.length} files`);
  await visit.close();
});

test("when the largest part is painted", async () => {
  for (const [name, slowdown] of [
    ["", 1],
    [", processor 4 times slower", 4],
  ] as const) {
    const [welcome, chat]: [number[], number[]] = [[], []];
    for (let load = 0; load < LOADS; load += 1) {
      const fresh = await Visit.of(browser, server.url);
      await slowed(fresh.page, slowdown);
      await fresh.go("/");
      await fresh.page.getByRole("button", { name: "Sign in" }).waitFor();
      welcome.push(await largestPaint(fresh.page));
      await fresh.close();
      const visit = await signedIn();
      await slowed(visit.page, slowdown);
      await visit.go(`/chat?id=${short}`);
      await visit.bubbles().last().waitFor();
      chat.push(await largestPaint(visit.page));
      await visit.close();
    }
    row(`largest contentful paint, first page${name}`, `${median(welcome).toFixed(0)} ms`);
    row(`largest contentful paint, chat page of 200 messages${name}`, `${median(chat).toFixed(0)} ms`);
  }
});

test("a hundred thousand messages", async () => {
  const visit = await signedIn();
  const { page } = visit;
  await visit.go(`/chat?id=${long}`);
  await visit.bubbles().last().waitFor();

  await watchFrames(page);
  const began = performance.now();
  while (!(await isAllRead(page))) {
    await toTheTop(page);
  }
  const pages = await frames(page);
  row(`reading all ${MESSAGES} messages`, `${((performance.now() - began) / 1_000).toFixed(0)} s; ${told(pages)}`);

  // What reading left behind is collected in one go of 100 ms, sooner or later, and is no part of scrolling.
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  await browser.startTracing(page, { path: TRACE, categories: ["devtools.timeline"] });
  await watchFrames(page);
  for (const place of [0.999, 0.5, 0.001]) {
    await page.evaluate((share) => {
      const list = document.querySelector<HTMLElement>('[data-testid="messages"]');
      list?.scrollTo({ top: share * list.scrollHeight });
    }, place);
    await scroll(page, place > 0.5 ? -20_000 : 20_000);
  }
  const scrolled = await frames(page);
  await browser.stopTracing();
  row("scrolling 3 times 20,000 pixels", told(scrolled));

  await visit.field.click();
  await page.evaluate(() => {
    const waits: number[] = [];
    Object.assign(window, { waits });
    // Not by entries of the kind "event": without a screen they end seconds late, when a frame is said to have been presented.
    const note = ({ timeStamp }: KeyboardEvent) => {
      requestAnimationFrame(() => setTimeout(() => waits.push(performance.now() - timeStamp)));
    };
    addEventListener("keydown", note, { capture: true });
  });
  await page.keyboard.type("the quick brown fox ".repeat(KEYS / 20), { delay: 30 });
  const waits = await page.evaluate(() => (window as unknown as { waits: number[] }).waits);
  waits.sort((a, b) => a - b);
  const at = (share: number) => (waits[Math.min(waits.length - 1, Math.floor(share * waits.length))] ?? 0).toFixed(0);
  row(`from a key to the end of its frame, ${KEYS} keys`, `p50 ${at(0.5)} ms, p98 ${at(0.98)} ms, most ${at(1)} ms`);
  expect(visit.offences).toEqual([]);
  await visit.close();
  expect(scrolled.longest).toBeLessThanOrEqual(50);
});

/** Somebody who is signed in already, as on every visit but the first. */
async function signedIn(): Promise<Visit> {
  const visit = await Visit.of(browser, server.url, { viewport: { width: 1280, height: 800 } });
  await visit.signIn("Ana");
  return visit;
}

async function slowed(page: Page, rate: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate });
}

/** Milliseconds from the navigation to the largest paint so far. */
function largestPaint(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        new PerformanceObserver((list) => resolve(list.getEntries().at(-1)?.startTime ?? 0)).observe({
          type: "largest-contentful-paint",
          buffered: true,
        });
      }),
  );
}

interface Frames {
  count: number;
  p99: number;
  longest: number;
}

/** Notes from here on when each frame begins. */
async function watchFrames(page: Page): Promise<void> {
  await page.evaluate(() => {
    const watch = { begins: [] as number[], isOn: true };
    Object.assign(window, { watch });
    const note = (now: number) => {
      watch.begins.push(now);
      if (watch.isOn) {
        requestAnimationFrame(note);
      }
    };
    requestAnimationFrame(note);
  });
}

async function frames(page: Page): Promise<Frames> {
  const begins = await page.evaluate(() => {
    const { watch } = window as unknown as { watch: { begins: number[]; isOn: boolean } };
    watch.isOn = false;
    return watch.begins;
  });
  const lengths = begins.slice(1).map((begin, place) => begin - (begins[place] ?? begin));
  lengths.sort((a, b) => a - b);
  return {
    count: lengths.length,
    p99: lengths[Math.floor(lengths.length * 0.99)] ?? 0,
    longest: lengths.at(-1) ?? 0,
  };
}

function told({ count, p99, longest }: Frames): string {
  return `${count} frames, p99 ${p99.toFixed(1)} ms, longest ${longest.toFixed(1)} ms`;
}

/** Scrolls as a hand on a touchpad does. */
async function scroll(page: Page, pixels: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const gesture = { x: 800, y: 400, yDistance: -pixels, speed: 4_000, gestureSourceType: "mouse" } as const;
  await session.send("Input.synthesizeScrollGesture", gesture);
}

/** Whether the first message stands in view: nothing is older. */
function isAllRead(page: Page): Promise<boolean> {
  return page.getByText("message 0 of", { exact: false }).first().isVisible();
}

/** Scrolls to the oldest message that was read, and waits until older ones have come. */
async function toTheTop(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const list = document.querySelector<HTMLElement>('[data-testid="messages"]');
        const before = list?.scrollHeight ?? 0;
        list?.scrollTo({ top: 0 });
        const began = performance.now();
        const look = () => {
          const hasGrown = (list?.scrollHeight ?? 0) > before;
          if (hasGrown || performance.now() - began > 2_000) {
            resolve();
          } else {
            requestAnimationFrame(look);
          }
        };
        look();
      }),
  );
}

const TEXTS = [
  "message {n} of everything: short",
  "message {n} of everything: a longer one that goes on for a while, so that it takes two lines of a narrow window and three of a phone. ".repeat(
    2,
  ),
  "message {n} of everything\n\n- a list\n- of **two**\n\n`and code`",
  "message {n} of everything 你好，世界。灯塔在岛上。",
];

/** Writes so many messages into a conversation, each acknowledged. */
async function fill(person: Person, conversation_id: string, count: number): Promise<void> {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws`, ["twin.v1.json"]);
  let [sent, acknowledged] = [0, 0];
  const more = () => {
    while (sent < count && sent - acknowledged < IN_FLIGHT_MAX) {
      const text = (TEXTS[sent % TEXTS.length] ?? "").replaceAll("{n}", String(sent));
      socket.send(JSON.stringify({ op: "send", conversation_id, client_id: `${conversation_id}-${sent}`, text }));
      sent += 1;
    }
  };
  await new Promise<void>((resolve, reject) => {
    socket.on("open", () => socket.send(JSON.stringify({ op: "identify", token: person.token })));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`the connection ended after ${acknowledged} messages`)));
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as { op: string; message?: string };
      if (frame.op === "ready") {
        more();
      } else if (frame.op === "ack") {
        acknowledged += 1;
        acknowledged === count ? resolve() : more();
      } else if (frame.op === "error") {
        reject(new Error(frame.message));
      }
    });
  });
  socket.removeAllListeners("close");
  socket.close();
}

const rows: string[] = [];

function row(what: string, figure: string): void {
  rows.push(`| ${what} | ${figure} |`);
  console.log(rows.at(-1));
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

afterAll(() =>
  writeFile(fileURLToPath(new URL("../../target/bench/pages.md", import.meta.url)), `${rows.join("\n")}\n`),
);
