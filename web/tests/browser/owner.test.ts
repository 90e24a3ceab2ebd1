import { expect, test } from "vitest";
import { call, loggedIn } from "../real-server";
import { House } from "./house";

const house = new House();

/** Somebody who talks with the twin of somebody else, who is in its studio, at its conversations. */
async function talkOf(friendName: string, ownerName: string, twinName: string, oversight = true) {
  const owner = await house.newcomer(ownerName);
  const { token } = await loggedIn(house.server, ownerName);
  const wanted = { name: twinName, visibility: "public", oversight };
  const twin = await call<{ id: string }>(house.server, "/api/v1/twins", wanted, token);
  const friend = await house.newcomer(friendName);
  await friend.talkWith(twinName);
  await owner.go(`/studio?twin=${twin.id}&part=conversations`);
  // Who could not know that the owner might look in is not named.
  const named = oversight ? `A conversation of two: ${friendName}` : "A conversation of two";
  await owner.page.getByText(named, { exact: true }).waitFor();
  return { owner, friend };
}

async function watched(friendName: string, ownerName: string, twinName: string) {
  const talk = await talkOf(friendName, ownerName, twinName);
  await talk.owner.page.getByRole("button", { name: "Watch" }).click();
  await talk.owner.page.getByText("You may only read here.").waitFor();
  await talk.friend.page.getByText(`${ownerName} watches, as the owner of a twin.`).waitFor();
  return talk;
}

test("an owner takes over in mid-reply, and both see which part is whose", async () => {
  const { owner, friend } = await watched("Fay", "Olaf", "Nora");
  await friend.say("!late 600 The key lies under the pot");
  for (const { page } of [owner, friend]) {
    await page.locator('article [data-running="true"]').filter({ hasText: "The key lies under the" }).waitFor();
  }
  await owner.page.getByRole("button", { name: "Write the rest" }).click();
  await friend.page.getByText("The owner of the twin writes the rest.").waitFor();
  const field = owner.page.getByRole("textbox", { name: "Write in Nora's place" });
  await field.waitFor();
  await owner.page.keyboard.type("blue stone, by the door.");
  await owner.page.keyboard.press("Enter");
  for (const visit of [owner, friend]) {
    const reply = visit.bubbles("Nora, a twin; AI and its owner wrote this");
    await reply.getByText("Marked: written by the owner").waitFor();
    expect(await reply.locator('[data-by="twin"]').textContent()).toBe("The twin wrote: The key lies under the");
    expect(await reply.locator('[data-by="owner"]').textContent()).toBe("The owner wrote: blue stone, by the door.");
  }
  // What is reloaded is what the log has.
  await friend.page.reload();
  const again = friend.bubbles("AI and its owner wrote this");
  await again.locator('[data-by="owner"]').filter({ hasText: "blue stone, by the door." }).waitFor();
});

test("an owner writes in the twin's place and corrects it, pauses it, and goes; everybody sees each of it", async () => {
  const { owner, friend } = await watched("Gil", "Oona", "Milo");
  await owner.page.getByRole("button", { name: "Write in Milo's place" }).click();
  const field = owner.page.getByRole("textbox", { name: "Write in Milo's place" });
  await field.fill("This is Oona.");
  await field.press("Enter");
  const spoken = friend.bubbles("Milo, the owner of the twin, in its place");
  await spoken.getByText("This is Oona.").waitFor();
  await field.press("Escape");
  await owner.page
    .locator(":focus")
    .and(owner.page.getByRole("button", { name: "Write in Milo's place" }))
    .waitFor();

  await friend.say("!say The lamp is green");
  const reply = owner.bubbles("Milo, a twin; AI wrote this");
  await reply.getByText("The lamp is green").waitFor();
  await reply.hover();
  await reply.getByRole("button", { name: "Edit" }).click();
  await owner.field.fill("The lamp is blue");
  await owner.field.press("Enter");
  const corrected = friend.bubbles("Milo, a twin; AI and its owner wrote this");
  await corrected.locator('[data-by="owner"]').filter({ hasText: "blu" }).waitFor();

  const mode = owner.page.getByLabel("How far Milo writes on its own");
  await mode.selectOption("Paused");
  await friend.page.getByText("Milo is paused by its owner.", { exact: true }).last().waitFor();
  await friend.say("!say Are you there");
  await owner.bubbles("Gil, a person").getByText("!say Are you there").waitFor();
  await mode.selectOption("It writes on its own");
  await friend.page.getByText("Milo writes on its own.").waitFor();
  await friend.say("!say I am back");
  await friend.bubbles("AI wrote this").getByText("I am back", { exact: true }).waitFor();
  expect(await friend.bubbles("AI wrote this").getByText("Are you there", { exact: true }).count()).toBe(0);

  await owner.page.getByRole("button", { name: "Stop watching" }).click();
  await owner.page.getByRole("button", { name: "Watch" }).waitFor();
  await friend.page.getByText("Oona watches, as the owner of a twin.").waitFor({ state: "detached" });
});

test("replies wait for the owner's word: one is sent as it is, one changed, and one not at all", async () => {
  const { owner, friend } = await watched("Hal", "Ossi", "Lena");
  const { page } = owner;
  await page.getByLabel("How far Lena writes on its own").selectOption("I approve each reply");
  await friend.page.getByText("The owner of Lena reads each reply before it is sent.").last().waitFor();

  const proposal = page.getByRole("article", { name: "Reply of Lena that waits for your word" });
  await friend.say("!say One");
  await proposal.getByText("to Hal: !say One").waitFor();
  await page.getByRole("heading", { name: "Replies that wait for your word 1" }).waitFor();
  await proposal.getByRole("button", { name: "Send as it is" }).click();
  await friend.bubbles("Lena, a twin; AI wrote this").getByText("One", { exact: true }).waitFor();
  await proposal.waitFor({ state: "detached" });

  await friend.say("!say Two");
  await proposal.getByRole("button", { name: "Change" }).click();
  await proposal.getByRole("textbox", { name: "What it says instead" }).fill("Two and a half");
  await proposal.getByRole("button", { name: "Send the changed reply" }).click();
  const changed = friend.bubbles("Lena, a twin; AI and its owner wrote this");
  await changed.locator('[data-by="owner"]').filter({ hasText: "and a half" }).waitFor();
  await proposal.waitFor({ state: "detached" });

  await friend.say("!say Three");
  await friend.say("!say Four");
  await proposal.nth(1).waitFor();
  await page.getByRole("link", { name: "Studio of your twins" }).click();
  await page.getByRole("link", { name: "Lena" }).click();
  await page.getByRole("link", { name: "Conversations 2 replies wait for your word" }).click();
  await proposal.filter({ hasText: "Three" }).getByRole("button", { name: "Do not send" }).click();
  await proposal.filter({ hasText: "Four" }).getByRole("button", { name: "Send as it is" }).click();
  await friend.bubbles("Lena, a twin; AI wrote this").getByText("Four", { exact: true }).waitFor();
  expect(await friend.bubbles("Lena, a twin").getByText("Three", { exact: true }).count()).toBe(0);
  await proposal.first().waitFor({ state: "detached" });
});

test("an owner may not step in where nobody could know of it", async () => {
  const { owner } = await talkOf("Ike", "Otto", "Kora", false);
  await owner.page.getByText("You may not step in").waitFor();
  expect(await owner.page.getByRole("button", { name: "Watch" }).count()).toBe(0);
});
