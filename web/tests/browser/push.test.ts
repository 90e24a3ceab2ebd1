import { createECDH, randomBytes } from "node:crypto";
import type { Page, Worker } from "playwright-core";
import { expect, test } from "vitest";
import { call, loggedIn } from "../real-server";
import type { Visit } from "./browser";
import { House } from "./house";

const house = new House();

/** Longer than anything takes on a busy machine. */
const PATIENCE = { timeout: 20_000 };

const ENDPOINT = "https://push.example.com/send/f8a1";

type Places = { items: { url: string }[] };

/** Stands in for the browser's push service, which no test can reach. What the page does with it is all there. */
async function withPushService(visit: Visit): Promise<void> {
  const browserKey = createECDH("prime256v1");
  browserKey.generateKeys();
  const keys = { p256dh: browserKey.getPublicKey("base64url"), auth: randomBytes(16).toString("base64url") };
  await visit.page.addInitScript(
    ({ endpoint, keys }) => {
      const KEPT = "test-push";
      const made = () => ({
        endpoint,
        options: { applicationServerKey: new Uint8Array(JSON.parse(localStorage.getItem(KEPT) ?? "[]")).buffer },
        toJSON: () => ({ endpoint, expirationTime: null, keys }),
        unsubscribe: async () => {
          localStorage.removeItem(KEPT);
          return true;
        },
      });
      Object.assign(PushManager.prototype, {
        subscribe: async ({ applicationServerKey }: { applicationServerKey: Uint8Array }) => {
          localStorage.setItem(KEPT, JSON.stringify([...applicationServerKey]));
          return made();
        },
        getSubscription: async () => (localStorage.getItem(KEPT) === null ? null : made()),
      });
    },
    { endpoint: ENDPOINT, keys },
  );
}

async function worker(page: Page): Promise<Worker> {
  return page.context().serviceWorkers()[0] ?? page.context().waitForEvent("serviceworker");
}

/**
 * Has the browser hand a push to the worker, as its push service would, until the worker has had it shown: a browser that is asked for
 * what it shows before it does forgets it.
 */
async function push(page: Page, data: object): Promise<void> {
  const told = await worker(page);
  await told.evaluate(`
    self.isShown = new Promise((resolve) => {
      const show = registration.showNotification.bind(registration);
      registration.showNotification = (...all) => show(...all).then(resolve);
    });
    undefined
  `);
  const devtools = await page.context().newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    devtools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
      const [first] = registrations;
      if (first !== undefined) {
        resolve(first.registrationId);
      }
    });
  });
  await devtools.send("ServiceWorker.enable");
  const registrationId = await registered;
  const origin = new URL(page.url()).origin;
  await devtools.send("ServiceWorker.deliverPushMessage", { origin, registrationId, data: JSON.stringify(data) });
  await told.evaluate("self.isShown");
}

/** What the browser shows to its person. */
async function shown(page: Page): Promise<{ title: string; body: string }[]> {
  return page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    return (await registration.getNotifications()).map(({ title, body }) => ({ title, body }));
  });
}

test("a browser asks after a click only, shows what is pushed, leads to it, and forgets when its person signs out", async () => {
  const ana = await house.visit({ permissions: ["notifications"] });
  const { page } = ana;
  await withPushService(ana);
  await page.addInitScript(() => {
    const ask = Notification.requestPermission.bind(Notification);
    Notification.requestPermission = () => {
      document.documentElement.dataset.asked = "yes";
      return ask();
    };
  });
  await ana.signUp("Ana");
  const { token } = await loggedIn(house.server, "Ana");
  const places = () => call<Places>(house.server, "/api/v1/me/push-subscriptions", undefined, token);
  await ana.go("/settings");
  const toggle = page.getByRole("switch", { name: "Tell me in this browser, also when the page is closed" });
  await expect.poll(() => toggle.isEnabled(), PATIENCE).toBe(true);
  expect(await page.locator("html").getAttribute("data-asked")).toBeNull();
  await toggle.focus();
  await page.keyboard.press("Space");
  await page.waitForFunction(() => localStorage.getItem("test-push") !== null);
  await expect.poll(async () => (await places()).items.map(({ url }) => url), PATIENCE).toEqual([ENDPOINT]);
  expect(await page.locator("html").getAttribute("data-asked")).toBe("yes");
  await page.reload();
  await expect.poll(() => toggle.isChecked(), PATIENCE).toBe(true);

  const twins = await call<{ items: { id: string }[] }>(house.server, "/api/v1/twins", undefined, token);
  const wanted = { twins: [twins.items[0]?.id] };
  const { id } = await call<{ id: string }>(house.server, "/api/v1/conversations", wanted, token);
  await ana.go("/chat");
  await page.evaluate(() => navigator.serviceWorker.ready);
  const author = { kind: "user", id, name: "Bo" };
  await push(page, { title: "New message", count: 3, conversation_id: id, conversation: "Post", author });
  expect(await shown(page)).toEqual([{ title: "3 new messages", body: "From Bo in Post" }]);
  // A click cannot be made in a browser without a screen: the worker is told of one.
  await (await worker(page)).evaluate(`
    (async () => {
      const [notification] = await registration.getNotifications();
      dispatchEvent(new NotificationEvent("notificationclick", { notification }));
    })()
  `);
  await page.waitForURL(`**/chat?id=${id}`);
  await ana.field.waitFor();

  // The worker speaks the language that is chosen.
  await ana.go("/settings");
  await page.getByText("简体中文").click();
  await page.waitForFunction(async () => {
    const registration = await navigator.serviceWorker.getRegistration("/");
    return registration?.active?.scriptURL.endsWith("?language=zh-CN") === true;
  });
  await page.getByText("English").click();
  await page.getByRole("link", { name: "Back to the conversations" }).click();
  await page.getByRole("button", { name: "Menu of Ana" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await page.waitForFunction(() => localStorage.getItem("test-push") === null);
  await expect.poll(async () => (await places()).items, PATIENCE).toEqual([]);
});

test("what is pushed without names, or cannot be read, is shown without any", async () => {
  const bo = await house.visit({ permissions: ["notifications"], locale: "zh-CN" });
  const { page } = bo;
  await bo.go("/");
  await page.evaluate(() => navigator.serviceWorker.register("/sw.js?language=zh-CN"));
  await page.evaluate(() => navigator.serviceWorker.ready);
  await push(page, { title: "New message", count: 1, notification_id: "1", text: "secret" });
  expect(await shown(page)).toEqual([{ title: "新消息", body: "" }]);
});

test("the client can be installed: its manifest and icons are there, and the worker is asked for anew each time", async () => {
  const { url } = house.server;
  const manifest = (await (await fetch(`${url}/manifest.webmanifest`)).json()) as { icons: { src: string }[] };
  for (const { src } of manifest.icons) {
    const icon = await fetch(url + src);
    expect([icon.status, icon.headers.get("content-type")]).toEqual([200, "image/png"]);
  }
  const script = await fetch(`${url}/sw.js`);
  expect(script.headers.get("cache-control")).toBe("no-cache");
  // The icon of a notification.
  expect(script.headers.get("content-security-policy")).toContain("img-src 'self'");
  expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  // It answers nothing in the server's place, so that no page is ever old.
  expect(await script.text()).not.toMatch(/addEventListener\("fetch"|caches/);
});
