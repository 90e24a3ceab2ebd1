import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { call, emailOf, loggedIn, registered } from "../real-server";
import type { Visit } from "./browser";
import { House } from "./house";
import { LOOKS, picture } from "./looks";

const house = new House();

/** An administrator, on the pages of administration. */
async function administrator(name: string): Promise<Visit> {
  await registered(house.server, name);
  await house.server.run("account", "grant-admin", emailOf(name));
  const visit = await house.signedIn(name);
  await visit.page.getByRole("button", { name: `Menu of ${name}` }).click();
  await visit.page.getByRole("link", { name: "Administration" }).click();
  await visit.page.getByRole("heading", { name: "Administration" }).waitFor();
  return visit;
}

const account = (visit: Visit, name: string) => visit.page.getByRole("listitem").filter({ hasText: emailOf(name) });

test("an administrator finds an account, closes it at once and opens it again", async () => {
  const mo = await house.newcomer("Mo");
  const { page } = await administrator("Root");
  const visit = { page } as Visit;
  await page.getByLabel("Find an account").fill("MO@");
  const row = account(visit, "Mo");
  await row.waitFor();
  expect(await page.getByRole("list", { name: "Accounts" }).getByRole("listitem").count()).toBe(1);
  await row.getByRole("button", { name: "Disable" }).click();
  await page.getByRole("button", { name: "Yes, close the account" }).click();
  await row.getByText("Disabled").waitFor();
  // Mo's browser learns of it by itself.
  await mo.page.getByRole("button", { name: "Sign in" }).waitFor();
  await mo.page.getByLabel("E-mail address").fill(emailOf("Mo"));
  await mo.page.getByLabel("Password").first().fill("a long passphrase");
  await mo.page.getByRole("button", { name: "Sign in" }).click();
  await mo.page.getByText("the account is disabled").waitFor();
  await row.getByRole("button", { name: "Enable" }).click();
  await row.getByRole("button", { name: "Disable" }).waitFor();
  await loggedIn(house.server, "Mo");
  // An administrator's account has no such button.
  await page.getByLabel("Find an account").fill(emailOf("Root"));
  await account(visit, "Root").getByText("Administrator").waitFor();
  expect(await account(visit, "Root").getByRole("button", { name: "Disable" }).count()).toBe(0);
});

test("an administrator signs somebody out, sees it in the log, and takes the log away", async () => {
  const lea = await house.newcomer("Lea");
  const visit = await administrator("Rita");
  const { page } = visit;
  await page.getByLabel("Find an account").fill("lea@");
  await account(visit, "Lea").getByRole("button", { name: "Sign out lea@example.com everywhere" }).click();
  await page.getByRole("button", { name: "Yes, sign out everywhere" }).click();
  await lea.page.getByRole("button", { name: "Sign in" }).waitFor();
  await page.getByRole("link", { name: "What happened to lea@example.com" }).click();
  await page.getByText("Only what concerns lea@example.com.").waitFor();
  const rows = page.getByRole("list", { name: "Rows" }).getByRole("listitem");
  expect(await rows.count()).toBe(2);
  expect(await rows.first().textContent()).toMatch(
    /Signed somebody out everywhere.*by rita@example.com · to lea@example.com · from 127.0.0.1/,
  );
  await page.getByRole("link", { name: "Show all" }).click();
  await page.getByLabel("What happened").selectOption("admin_granted");
  await rows.filter({ hasText: "by the command line · to rita@example.com" }).waitFor();
  const downloads = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export all" }).click();
  const lines = (await readFile(await (await downloads).path(), "utf8")).trim().split("\n");
  const numbers = lines.map((line) => JSON.parse(line).number);
  expect(numbers).toEqual(lines.map((_, index) => index + 1));
  expect(JSON.parse(lines.at(-1) ?? "").action).toBe("audit_exported");
});

test("who is no administrator finds no link and is told so on the page", async () => {
  const visit = await house.newcomer("Kai");
  const { page } = visit;
  await page.getByRole("button", { name: "Menu of Kai" }).click();
  await page.getByRole("link", { name: "Settings" }).waitFor();
  expect(await page.getByRole("link", { name: "Administration" }).count()).toBe(0);
  await visit.go("/admin");
  await page.getByText("This page is for administrators of the server.").waitFor();
});

test.each(LOOKS)(
  "the pages of administration fit their window and keep nobody out: %s",
  async (look, options, isChinese) => {
    const name = `Admin${LOOKS.findIndex(([other]) => other === look)}`;
    await registered(house.server, name);
    await house.server.run("account", "grant-admin", emailOf(name));
    const gone = await registered(house.server, `Gone${name}`);
    const { token } = await loggedIn(house.server, name);
    const patch = {
      method: "PATCH",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    };
    const path = `${house.server.url}/api/v1/admin/users/${gone.id}`;
    expect((await fetch(path, { ...patch, body: '{"disabled":true}' })).status).toBe(200);
    await call(house.server, "/api/v1/bots", { name: "Weather" }, token);
    const visit = await house.visit(options);
    const { page } = visit;
    await visit.go("/admin");
    await page.locator('input[name="email"]').fill(emailOf(name));
    await page.locator('input[name="password"]').fill("a long passphrase");
    await page.keyboard.press("Enter");
    await page.getByText(emailOf(`Gone${name}`)).waitFor();
    await picture(page, look, "11-admin-users");
    await page.getByRole("link", { name: isChinese ? "运行状况" : "Health" }).click();
    await page.getByText(isChinese ? "可以工作" : "Ready for work").waitFor();
    await picture(page, look, "12-admin-health");
    await page.getByRole("link", { name: isChinese ? "审计日志" : "Audit log" }).click();
    await page
      .getByText(isChinese ? "创建机器人" : "Made a bot")
      .last()
      .waitFor();
    await picture(page, look, "13-admin-audit");
    await visit.go(`/admin?part=audit&person=${gone.id}`);
    await page.getByRole("link", { name: isChinese ? "显示全部" : "Show all" }).waitFor();
    await page
      .getByText(isChinese ? "停用账号" : "Disabled an account")
      .last()
      .waitFor();
    await picture(page, look, "14-admin-audit-person");
  },
);
