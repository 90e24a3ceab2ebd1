import { expect, test } from "vitest";
import { call, loggedIn } from "../real-server";
import { House } from "./house";

const house = new House();

test("a reply is stopped, tried again, and chosen among its attempts; and feedback on it stays", async () => {
  const ana = await house.newcomer("Ana");
  const { page } = ana;
  await ana.talkWith("Echo");
  await ana.say("!wait");
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped").waitFor();

  await ana.say("!say one");
  const reply = ana.bubbles("AI wrote this").last();
  await reply.getByText("one", { exact: true }).waitFor();
  await reply.getByRole("button", { name: "Another attempt" }).click();
  await reply.getByRole("group", { name: "Attempt 2 of 2" }).waitFor();
  await reply.getByRole("button", { name: "The attempt before" }).click();
  await reply.getByRole("group", { name: "Attempt 1 of 2" }).waitFor();

  await reply.getByRole("button", { name: "A good reply" }).click();
  await reply.getByRole("button", { name: "A good reply", pressed: true }).waitFor();
  await page.reload();
  const again = ana.bubbles("AI wrote this").last();
  await again.getByRole("group", { name: "Attempt 1 of 2" }).waitFor();
  await again.hover();
  await again.getByRole("button", { name: "A good reply", pressed: true }).waitFor();
});

test("two people in a room see each other write, react, edit, delete and read", async () => {
  const [bo, cid] = [await house.newcomer("Bo"), await house.newcomer("Cid")];
  await bo.page.getByRole("button", { name: "New room" }).click();
  await bo.page.getByLabel("Title").fill("Garden");
  await bo.page.getByRole("checkbox", { name: "Echo" }).check();
  await bo.page.getByRole("button", { name: "Create the room" }).click();
  await bo.page.getByRole("button", { name: "Members" }).click();
  await bo.page.getByRole("button", { name: "Invite by link" }).click();
  const link = await bo.page.getByRole("textbox", { name: "Invite by link" }).inputValue();
  await bo.page.keyboard.press("Escape");

  await cid.go(link.slice(house.server.url.length));
  await cid.page.getByRole("heading", { name: "“Garden”" }).waitFor();
  await cid.page.getByRole("button", { name: "Join" }).click();
  await cid.field.waitFor();
  await bo.page.getByText("Cid joined").waitFor();

  await cid.field.pressSequentially("The pears");
  await bo.page.getByText("Cid is writing…").waitFor();
  await cid.say("The pears are ripe");
  const heard = bo.bubbles("Cid, a person").last();
  await heard.getByText("The pears are ripe").waitFor();
  await cid.page.getByText("Read by Bo").waitFor();

  await heard.hover();
  await heard.getByRole("button", { name: "React", exact: true }).click();
  await bo.page.getByRole("button", { name: "React with 🎉" }).click();
  const own = cid.bubbles("You, a person").last();
  await own.getByRole("button", { name: "🎉, 1 person" }).waitFor();

  await bo.field.pressSequentially("@ec");
  await bo.page.getByRole("option", { name: /^Echo/ }).waitFor();
  await bo.field.press("Enter");
  expect(await bo.field.inputValue()).toBe("@Echo ");
  await bo.field.press("Shift+Enter");
  await bo.field.pressSequentially("!say All ears");
  await bo.field.press("Enter");
  await cid.bubbles("Echo, a twin").getByText("All ears").waitFor();

  await cid.field.press("ArrowUp");
  await cid.say("The pears are overripe");
  await heard.getByText("The pears are overripe").waitFor();
  await heard.getByText("edited").waitFor();
  await own.hover();
  await own.getByRole("button", { name: "Delete" }).click();
  await cid.page.getByRole("button", { name: "Delete for good" }).click();
  await heard.getByText("This message was deleted.").waitFor();
});

test("what comes while one is elsewhere is counted, and stands below a line when one comes", async () => {
  const [dora, eli] = [await house.newcomer("Dora"), await house.newcomer("Eli")];
  const [owner, member] = [await loggedIn(house.server, "Dora"), await loggedIn(house.server, "Eli")];
  const wanted = { title: "Post", members: [member.id] };
  await eli.go("/chat");
  const { id } = await call<{ id: string }>(house.server, "/api/v1/conversations", wanted, owner.token);
  await eli.page.getByRole("link", { name: /Post/ }).waitFor();
  await dora.go(`/chat?id=${id}`);
  await dora.say("first");
  await dora.say("second");
  const row = eli.page.getByRole("link", { name: /Post.*2 unread messages/ });
  await row.click();
  await eli.page.getByText("New", { exact: true }).waitFor();
  await eli.bubbles("Dora, a person").nth(1).waitFor();
  await row.waitFor({ state: "detached" });
});

test("what is written without a connection waits, survives a reload, and is sent once when the connection is back", async () => {
  const ivo = await house.newcomer("Ivo");
  const { page } = ivo;
  await ivo.talkWith("Echo");
  let isCut = true;
  await page.routeWebSocket(/\/ws$/, (socket) => (isCut ? socket.close({ code: 1011 }) : socket.connectToServer()));
  await page.reload();
  await page.getByText("No connection.").waitFor();
  await ivo.say("!say I heard you");
  await page.getByText("Waits for the connection").waitFor();
  await page.reload();
  await page.getByText("Waits for the connection").waitFor();
  await page.getByText("1 message will be sent when it is back.").waitFor();
  await page.getByRole("button", { name: "Try now" }).click();
  isCut = false;
  await ivo.bubbles("AI wrote this").getByText("I heard you", { exact: true }).waitFor();
  expect(await ivo.bubbles("You, a person").count()).toBe(1);
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("outbox:")))).toEqual([]);
});

test("Enter that ends a composition of Chinese sends nothing, and the next one sends once", async () => {
  const fu = await house.newcomer("Fu");
  const { page } = fu;
  await fu.talkWith("Echo");
  await fu.field.focus();
  const devtools = await page.context().newCDPSession(page);
  const composing = { selectionStart: 5, selectionEnd: 5 };
  await devtools.send("Input.imeSetComposition", { text: "ni'hao", ...composing });
  const enter = { windowsVirtualKeyCode: 229, code: "Enter", key: "Process" };
  await devtools.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
  await fu.field.evaluate((field) => {
    const key = { key: "Enter", isComposing: true, bubbles: true, cancelable: true };
    field.dispatchEvent(new KeyboardEvent("keydown", key));
  });
  await devtools.send("Input.insertText", { text: "你好" });
  expect(await fu.field.inputValue()).toBe("你好");
  expect(await fu.bubbles().count()).toBe(0);
  await fu.field.press("Enter");
  await fu.bubbles("AI wrote this").first().waitFor();
  expect(await fu.bubbles("You, a person").count()).toBe(1);
  await fu.bubbles("You, a person").getByText("你好").waitFor();
});

test("who signs out is asked who they are, in every tab, and the next one sees nothing of it", async () => {
  const gus = await house.newcomer("Gus");
  const other = await gus.page.context().newPage();
  await other.goto(`${house.server.url}/chat`);
  await other.getByRole("heading", { name: "Talk with a twin" }).waitFor();
  await gus.page.getByRole("button", { name: "Menu of Gus" }).click();
  await gus.page.getByRole("button", { name: "Sign out" }).click();
  for (const page of [gus.page, other]) {
    await page.getByRole("button", { name: "Sign in" }).waitFor();
  }
  expect(await gus.page.evaluate(() => localStorage.getItem("refresh_token"))).toBeNull();
});

test("the pages speak Chinese", async () => {
  const hua = await house.newcomer("Hua");
  await hua.page.getByRole("button", { name: "Menu of Hua" }).click();
  await hua.page.getByText("简体中文").click();
  await hua.page.getByRole("heading", { name: "与数字分身交谈" }).waitFor();
  await hua.page.reload();
  await hua.page.getByRole("heading", { name: "与数字分身交谈" }).waitFor();
  expect(await hua.page.evaluate(() => document.documentElement.lang)).toBe("zh-CN");
});
