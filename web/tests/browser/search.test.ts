import { expect, test } from "vitest";
import { call, loggedIn, registered } from "../real-server";
import { House } from "./house";

const house = new House({ TWIN_SENDS_PER_MINUTE: "1000000" });

/** A room in which somebody else has said these things. */
async function room(of: string, by: string, texts: readonly string[]): Promise<string> {
  const [writer, reader] = [await registered(house.server, by), await loggedIn(house.server, of)];
  const wanted = { title: "Orchard", members: [reader.id] };
  const { id } = await call<{ id: string }>(house.server, "/api/v1/conversations", wanted, writer.token);
  await house.write(writer.token, id, texts);
  return id;
}

test("a message far back is found from the sidebar, opened by the keyboard, and read on from in both directions", async () => {
  const ana = await house.newcomer("Ana");
  const { page } = ana;
  const texts = Array.from({ length: 260 }, (_, number) => `pear number ${number + 1}`);
  texts[99] = "the **quince** is ripe";
  await room("Ana", "Bo", texts);
  await ana.go("/chat");
  await page.getByRole("searchbox", { name: "Find a conversation" }).fill("quince");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/search?q=quince");
  await page.getByText("1 hit", { exact: true }).waitFor();
  const hit = page.getByRole("link", { name: /Bo in Orchard/ });
  expect(await hit.locator("mark").allTextContents()).toEqual(["quince"]);
  await page.getByRole("searchbox", { name: "Words" }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/chat?id=*&message=*");
  const focused = page.locator("article:focus");
  await focused.getByText("quince").waitFor();
  expect(await page.getByText("pear number 260", { exact: true }).count()).toBe(0);

  const list = page.locator('[data-testid="messages"]');
  const scrollTo = async (name: string, isDown: boolean) => {
    const wanted = page.getByText(name, { exact: true });
    while ((await wanted.count()) === 0) {
      await list.evaluate((element, isDown) => {
        element.scrollTop = isDown ? element.scrollHeight : 0;
      }, isDown);
      await page.evaluate(() => new Promise(requestAnimationFrame));
    }
  };
  await scrollTo("pear number 1", false);
  await scrollTo("pear number 260", true);
  await ana.say("So ripe");
  await ana.bubbles("You, a person").getByText("So ripe").waitFor();

  await page.goBack();
  await page.waitForURL("**/search?q=quince");
  await hit.click();
  await focused.getByText("quince").waitFor();
  await page.getByRole("button", { name: "To the newest message" }).click();
  await ana.bubbles("You, a person").getByText("So ripe").waitFor();
});

test("Chinese is found by any part of it, hits come page by page, and filters narrow them", async () => {
  const hua = await house.newcomer("Hua");
  const { page } = hua;
  const texts = Array.from({ length: 24 }, (_, number) => `第${number + 1}把备用钥匙在花盆下面`);
  const id = await room("Hua", "Lan", [...texts, "没有别的了 https://example.com/"]);
  await hua.go("/search");
  await page.getByText("Say what to look for.").waitFor();
  await page.getByRole("searchbox", { name: "Words" }).fill("钥匙");
  await page.keyboard.press("Enter");
  const hits = page.getByRole("list", { name: "Hits" }).getByRole("listitem");
  await page.getByText("20 hits so far").waitFor();
  expect(await hits.first().locator("mark").allTextContents()).toEqual(["钥匙"]);
  await page.getByRole("button", { name: "More hits" }).click();
  await page.getByText("24 hits", { exact: true }).waitFor();
  expect(await hits.count()).toBe(24);

  await page.getByText("Filters and order").click();
  await page.getByLabel("With").selectOption("link");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.getByText("Nothing was found.").waitFor();
  await page.getByRole("searchbox", { name: "Words" }).fill("");
  await page.getByLabel("In the conversation").selectOption(id);
  await page.getByLabel("Written by").fill("Lan");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.getByText("1 hit", { exact: true }).waitFor();
  // The address says all of it.
  await page.reload();
  await page.getByText("1 hit", { exact: true }).waitFor();
  expect(await page.getByLabel("Written by").inputValue()).toBe("Lan");
  await page.getByLabel("Before this day").fill("2020-01-01");
  await page.keyboard.press("Enter");
  await page.getByText("Nothing was found.").waitFor();
  await page.getByRole("searchbox", { name: "Words" }).fill("before:never");
  await page.keyboard.press("Enter");
  await page.locator('main [role="alert"]').waitFor();
});
