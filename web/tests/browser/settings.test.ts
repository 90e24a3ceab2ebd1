import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { call, loggedIn, PASSPHRASE, registered } from "../real-server";
import { House } from "./house";

const house = new House({ TWIN_SENDS_PER_MINUTE: "1000000" });

const section = (page: Page, name: string) => page.getByRole("region", { name });

test("a person gets another name, is invisible, and chooses a language", async () => {
  const ana = await house.newcomer("Ana");
  const { page } = ana;
  await page.getByRole("button", { name: "Menu of Ana" }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  const profile = section(page, "Profile");
  await profile.getByLabel("Your name").fill("Anna");
  await page.keyboard.press("Enter");
  await profile.getByText("Saved").waitFor();
  const switched = page.waitForResponse((answer) => answer.request().method() === "PATCH");
  await profile.getByRole("switch", { name: "Be invisible" }).focus();
  await page.keyboard.press("Space");
  await switched;
  const { token } = await loggedIn(house.server, "Ana");
  const me = await call(house.server, "/api/v1/me", undefined, token);
  expect(me).toMatchObject({ name: "Anna", invisible: true });
  await page.getByText("简体中文").click();
  await page.getByRole("heading", { name: "个人资料" }).waitFor();
  await page.reload();
  await page.getByRole("switch", { name: "隐身" }).waitFor();
  await page.getByRole("link", { name: "返回会话列表" }).click();
  await page.getByRole("button", { name: "Anna 的菜单" }).waitFor();
});

test("another device is listed, and signed out at once from here", async () => {
  const bo = await house.newcomer("Bo");
  const phone =
    "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36";
  const other = await house.signedIn("Bo", { userAgent: phone });
  const third = await house.signedIn("Bo");
  await bo.go("/settings#devices");
  const devices = section(bo.page, "Devices");
  await devices.getByText("this one").waitFor();
  expect(await devices.getByRole("listitem").count()).toBe(3);
  await devices.getByRole("button", { name: "Sign out Chrome on Android" }).click();
  await other.page.getByRole("button", { name: "Sign in" }).waitFor();
  await devices.getByText("Android").waitFor({ state: "detached" });
  await devices.getByRole("button", { name: "Sign out all others" }).click();
  await third.page.getByRole("button", { name: "Sign in" }).waitFor();
  await bo.page.reload();
  await devices.getByText("this one").waitFor();
  expect(await devices.getByRole("listitem").count()).toBe(1);
});

test("bots and keys are made, shown once, and ended", async () => {
  const cid = await house.newcomer("Cid");
  const { page } = cid;
  const { token } = await loggedIn(house.server, "Cid");
  await cid.go("/settings");
  const bots = section(page, "Bots");
  await bots.getByText("You have no bots.").waitFor();
  await bots.getByLabel("Name of the bot").fill("Weather");
  await page.keyboard.press("Enter");
  const secret = await bots.getByLabel("The token of Weather").inputValue();
  const list = await call<{ items: object[] }>(house.server, "/api/v1/conversations", undefined, secret);
  expect(list.items).toEqual([]);
  await bots.getByRole("button", { name: "Close" }).click();
  await bots.getByLabel("The token of Weather").waitFor({ state: "detached" });
  expect(await page.content()).not.toContain(secret);
  await bots.getByRole("button", { name: "Delete the bot Weather" }).click();
  await page.getByRole("button", { name: "Yes, delete it" }).click();
  await bots.getByText("You have no bots.").waitFor();
  await expect(call(house.server, "/api/v1/conversations", undefined, secret)).rejects.toThrow("401");

  const keys = section(page, "API keys");
  await keys.getByLabel("Name of the key").fill("notebook");
  await keys.getByLabel("Good for").selectOption("30 days");
  await keys.getByRole("button", { name: "Make a key" }).click();
  const key = await keys.getByRole("textbox", { name: "The key notebook" }).inputValue();
  await call(house.server, "/v1/models", undefined, key);
  const made = await call<{ items: { expires_at: number }[] }>(house.server, "/api/v1/keys", undefined, token);
  expect(made.items[0]?.expires_at).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  await keys.getByRole("button", { name: "Revoke the key notebook" }).click();
  await page.getByRole("button", { name: "Yes, revoke it" }).click();
  await keys.getByText("You have no keys.").waitFor();
  await expect(call(house.server, "/v1/models", undefined, key)).rejects.toThrow("401");
});

test("whom one blocks is not shown until one asks, and heard again when one wishes", async () => {
  const [dora, eli] = [await house.newcomer("Dora"), await house.newcomer("Eli")];
  const [owner, member] = [await loggedIn(house.server, "Dora"), await loggedIn(house.server, "Eli")];
  const wanted = { title: "Post", members: [member.id] };
  const { id } = await call<{ id: string }>(house.server, "/api/v1/conversations", wanted, owner.token);
  await eli.go(`/chat?id=${id}`);
  await eli.say("something rude");
  await dora.go(`/chat?id=${id}`);
  const { page } = dora;
  await dora.bubbles("Eli, a person").waitFor();
  await page.getByRole("button", { name: "Members" }).click();
  await page.getByRole("button", { name: "Block Eli" }).click();
  await page.getByRole("button", { name: "Unblock Eli" }).waitFor();
  const told = page.waitForResponse(
    (answer) => answer.request().method() === "PUT" && /notifications$/.test(answer.url()),
  );
  await page.getByLabel("Tell me, while I am not here, of").selectOption("nothing");
  await told;
  const level = await call(house.server, `/api/v1/conversations/${id}/notifications`, undefined, owner.token);
  expect(level).toEqual({ level: "none" });
  await page.keyboard.press("Escape");
  const hidden = page.locator("main").getByText("A message of somebody whom you have blocked");
  await hidden.waitFor();
  expect(await page.getByText("something rude").count()).toBe(0);
  await eli.say("and more");
  await hidden.nth(1).waitFor();
  await page.getByRole("button", { name: "Show it" }).first().click();
  await dora.bubbles("Eli, a person").getByText("something rude").waitFor();

  await page.getByRole("button", { name: "Menu of Dora" }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  const blocked = section(page, "Blocked");
  await blocked.getByRole("button", { name: "Unblock Eli" }).click();
  await blocked.getByText("You have blocked nobody.").waitFor();
  await page.getByRole("link", { name: "Back to the conversations" }).click();
  await page.getByRole("link", { name: /Post/ }).click();
  await dora.bubbles("Eli, a person").getByText("and more").waitFor();
});

test("how one is told is kept, and a webhook's secret is shown once", async () => {
  const fay = await house.newcomer("Fay");
  const { page } = fay;
  const { token } = await loggedIn(house.server, "Fay");
  await fay.go("/settings");
  const part = section(page, "Notifications");
  const saved = () => page.waitForResponse((answer) => answer.request().method() === "PUT" && answer.ok());
  const each = [
    () => part.getByLabel("What to tell").selectOption("mentions"),
    () => part.getByRole("switch", { name: "Say who wrote, and where" }).check(),
    () => part.getByRole("switch", { name: "Quiet hours" }).check(),
    () => part.getByLabel("Time zone").selectOption("Asia/Shanghai"),
  ];
  for (const step of each) {
    await Promise.all([saved(), step()]);
  }
  const from = part.getByLabel("From");
  await from.fill("21:30");
  await Promise.all([saved(), from.blur()]);
  const kept = await call(house.server, "/api/v1/me/notification-settings", undefined, token);
  expect(kept).toMatchObject({
    level: "mentions",
    names_shown: true,
    quiet_hours: { from: "21:30", until: "07:00", time_zone: "Asia/Shanghai" },
  });
  await part.getByLabel("Address").fill("http://example.com/");
  await part.getByRole("button", { name: "Set the webhook" }).click();
  await part.getByRole("alert").waitFor();
  await part.getByLabel("Address").fill("https://example.com/hook");
  await part.getByRole("button", { name: "Set the webhook" }).click();
  expect(await part.getByLabel("What its calls are signed with").inputValue()).toMatch(/^whsec_/);
  await part.getByRole("button", { name: "Remove the webhook" }).click();
  await part.getByText("https://example.com/hook").waitFor({ state: "detached" });
  await expect(call(house.server, "/api/v1/me/webhook", undefined, token)).rejects.toThrow("404");
});

test("all that is kept of a person is taken away as one file", async () => {
  const hal = await house.newcomer("Hal");
  const { page } = hal;
  await hal.go("/settings");
  const downloads = page.waitForEvent("download");
  await section(page, "Account").getByRole("button", { name: "Export everything" }).click();
  const download = await downloads;
  expect(download.suggestedFilename()).toBe("digital-twin-export.zip");
  const archive = (await readFile(await download.path())).toString("latin1");
  // The directory of a zip names its files in plain letters.
  for (const name of ["account.json", "twins.json", "conversations.ndjson", "manifest.json"]) {
    expect(archive).toContain(name);
  }
});

test("what was taken away is brought to another account, and a second time nothing comes twice", async () => {
  const ina = await house.newcomer("Ina");
  const { token } = await loggedIn(house.server, "Ina");
  const twin = await call<{ id: string }>(house.server, "/api/v1/twins", { name: "Ina's twin" }, token);
  await call(house.server, `/api/v1/twins/${twin.id}/memories`, { text: "I like lamps." }, token);
  await ina.go("/settings");
  const downloads = ina.page.waitForEvent("download");
  await section(ina.page, "Account").getByRole("button", { name: "Export everything" }).click();
  const archive = await (await downloads).path();

  const jo = await house.newcomer("Jo");
  await jo.go("/settings");
  const account = section(jo.page, "Account");
  const bring = async (file: string) => {
    const choosing = jo.page.waitForEvent("filechooser");
    await account.getByRole("button", { name: "Import an export" }).click();
    await (await choosing).setFiles(file);
  };
  await bring(archive);
  await account.getByText("Twins: 1 new, 0 here already").waitFor();
  await account.getByText("Memories: 1 new, 0 here already").waitFor();
  await bring(archive);
  await account.getByText("Twins: 0 new, 1 here already").waitFor();
  const other = await loggedIn(house.server, "Jo");
  const { items } = await call<{ items: { name: string }[] }>(house.server, "/api/v1/twins", undefined, other.token);
  expect(items.map(({ name }) => name)).toContain("Ina's twin");
  await bring(new URL(import.meta.url).pathname);
  await account.getByRole("alert").waitFor();
});

test("another password signs out everywhere, and a deleted account is gone", async () => {
  const gil = await house.newcomer("Gil");
  const { page } = gil;
  await gil.talkWith("Echo");
  await gil.field.fill("not finished");
  await gil.go("/settings");
  await page.getByLabel("Present password").fill("not this one");
  await page.getByLabel("New password").fill("another long passphrase");
  const change = page.getByRole("button", { name: "Change it and sign out everywhere" });
  await change.click();
  await section(page, "Account").getByRole("alert").waitFor();
  await page.getByLabel("Present password").fill(PASSPHRASE);
  await change.click();
  await page.getByLabel("E-mail address").fill("gil@example.com");
  await page.getByLabel("Password").first().fill("another long passphrase");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Profile" }).waitFor();
  const button = page.getByRole("button", { name: "Delete the account for good" });
  expect(await button.isDisabled()).toBe(true);
  await page.getByLabel("To delete the account for good, write gil@example.com").fill("gil@example.com");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  const left = await page.evaluate(() =>
    Object.keys(localStorage).filter((key) => /^(draft|outbox|upload):/.test(key)),
  );
  expect(left).toEqual([]);
  // The address is free again.
  await registered(house.server, "Gil");
});
