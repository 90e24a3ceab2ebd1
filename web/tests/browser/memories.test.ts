import { expect, test } from "vitest";
import { call, loggedIn, registered } from "../real-server";
import { House } from "./house";
import { LOOKS, picture } from "./looks";

const house = new House();

/** Two browsers in five looks, each with a handful of pages. */
const PAGES_TIMEOUT_MS = 180_000;

interface Memory {
  text: string;
  revision: number;
  audience: object;
}

interface Page<Item> {
  items: Item[];
}

/** Somebody with a twin, in the part of the studio that is about its memory. */
async function ownerOf(name: string, twin: object) {
  const visit = await house.newcomer(name);
  const person = await loggedIn(house.server, name);
  const made = await call<{ id: string }>(house.server, "/api/v1/twins", twin, person.token);
  await visit.go(`/studio?twin=${made.id}&part=memory`);
  const route = `/api/v1/twins/${made.id}/memories`;
  const memories = () => call<Page<Memory>>(house.server, route, undefined, person.token);
  return { visit, page: visit.page, person, twin: made, memories };
}

test("an owner writes memories down, edits, undoes, replaces and forgets them, and says whom the twin may tell them", async () => {
  const { page, person, memories } = await ownerOf("Olga", { name: "Nora", visibility: "link" });
  const bo = await registered(house.server, "Bo");
  await call(house.server, "/api/v1/conversations", { title: "Post", members: [bo.id] }, person.token);
  await page.getByText("Nora remembers nothing yet.").waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Write something down" }).click();
  await page.getByLabel("What it is to remember").fill("I live in Bergen.");
  await page.getByRole("button", { name: "Write it down" }).click();
  const first = page.getByRole("listitem", { name: "About you: I live in Bergen." });
  await first.getByText("About: you · written by you").waitFor();
  expect(await first.getByRole("button", { name: /^Undo/ }).count()).toBe(0);

  await first.getByRole("button", { name: "Edit: I live in Bergen." }).click();
  const field = page.getByLabel("What it is to remember");
  await field.fill("I live in Tromsø.");
  await page.getByRole("button", { name: "Save" }).click();
  const edited = page.getByRole("listitem", { name: "About you: I live in Tromsø." });
  await edited.getByRole("button", { name: "Undo the last change of: I live in Tromsø." }).click();
  await first.waitFor();
  expect((await memories()).items.map(({ text }) => text)).toEqual(["I live in Bergen."]);

  await first.getByRole("button", { name: "Only me · whom it may tell: I live in Bergen." }).click();
  const audience = page.getByRole("dialog", { name: "Whom it may tell: I live in Bergen." });
  await audience.getByRole("radio", { name: "Named people and groups" }).check();
  await audience.getByRole("checkbox", { name: "Bo" }).check();
  await audience.getByRole("button", { name: "Save" }).click();
  await audience.waitFor({ state: "detached" });
  await first.getByRole("button", { name: /^Bo · whom/ }).waitFor();
  expect((await memories()).items[0]?.audience).toEqual({ kind: "people", people: [bo.id], groups: [] });

  await first.getByRole("button", { name: "Replace: I live in Bergen." }).click();
  await page.getByLabel("What it is to remember").fill("I live in Oslo.");
  await page.getByRole("radio", { name: "Everybody" }).check();
  await page.getByRole("button", { name: "Write it down" }).click();
  const second = page.getByRole("listitem", { name: "About you: I live in Oslo." });
  await second.getByText("In place of: I live in Bergen.").waitFor();
  await first.getByText("Replaced, and used no more, by: I live in Oslo.").waitFor();

  await second.getByRole("button", { name: "Forget: I live in Oslo.", exact: true }).click();
  await page.getByRole("button", { name: "Forget it for good" }).click();
  await second.waitFor({ state: "detached" });
  await first.getByText("Replaced").waitFor({ state: "detached" });

  await page.getByRole("button", { name: "Write something down" }).click();
  await page.getByLabel("What it is to remember").fill("Bo has a boat.");
  await page.getByLabel("Whom it is about").selectOption("Bo");
  await page.getByRole("button", { name: "Write it down" }).click();
  await page.getByRole("listitem", { name: "About Bo: Bo has a boat." }).waitFor();
  await page.getByLabel("About", { exact: true }).selectOption("Bo");
  await first.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Forget everything about Bo" }).click();
  await page.getByRole("button", { name: "Forget all of it for good" }).click();
  await page.getByText("Nora remembers nothing about Bo.").waitFor();
  expect((await memories()).items.map(({ text }) => text)).toEqual(["I live in Bergen."]);
});

test("a document is for whom its owner says, when it is given and later, also for a group", async () => {
  const { visit, page, person, twin } = await ownerOf("Dag", { name: "Vera", visibility: "public" });
  const eva = await registered(house.server, "Eva");
  await call(house.server, "/api/v1/conversations", { title: "Post", members: [eva.id] }, person.token);
  await visit.go("/settings#groups");
  const section = page.getByRole("region", { name: "Groups of people" });
  await section.getByText("You have no groups.").waitFor();
  await section.getByLabel("Name of the group").fill("Kin");
  await page.keyboard.press("Enter");
  await section.getByRole("button", { name: "Change the group Kin" }).click();
  const form = section.getByRole("form", { name: "Change the group Kin" });
  await form.getByLabel("Name of the group").fill("Family");
  await form.getByRole("checkbox", { name: "Eva" }).check();
  await form.getByRole("button", { name: "Save" }).click();
  await section.getByText("1 person").waitFor();

  await visit.go(`/studio?twin=${twin.id}&part=documents`);
  const asked = page.getByLabel("Whom it may tell what new files say");
  expect(await asked.inputValue()).toBe("public");
  await asked.selectOption("Only me");
  const diary = { name: "diary.md", mimeType: "text/markdown", buffer: Buffer.from("I like the sea.") };
  await page.locator('input[type="file"]').setInputFiles([diary]);
  await page.getByRole("button", { name: "Only me · whom it may tell: diary.md" }).click();
  const dialog = page.getByRole("dialog", { name: "Whom it may tell: diary.md" });
  await dialog.getByRole("radio", { name: "Named people and groups" }).check();
  await dialog.getByRole("checkbox", { name: "Family" }).check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Family · whom it may tell: diary.md" }).waitFor();
  const route = `/api/v1/twins/${twin.id}/documents`;
  const documents = () => call<Page<{ audience: object }>>(house.server, route, undefined, person.token);
  const groups = await call<Page<{ id: string; people: string[] }>>(
    house.server,
    "/api/v1/groups",
    undefined,
    person.token,
  );
  const [group] = groups.items;
  expect(group?.people).toEqual([eva.id]);
  expect((await documents()).items[0]?.audience).toEqual({ kind: "people", people: [], groups: [group?.id] });

  await visit.go("/settings#groups");
  await section.getByRole("button", { name: "Delete the group Family" }).click();
  await page.getByRole("button", { name: "Yes, delete it" }).click();
  await section.getByText("You have no groups.").waitFor();
  await visit.go(`/studio?twin=${twin.id}&part=documents`);
  await page.getByRole("button", { name: "Nobody else yet · whom it may tell: diary.md" }).waitFor();
});

test("a person sees and forgets what twins of others remember of them, and an owner why their twin said something", async () => {
  const { page, visit, memories, twin } = await ownerOf("Rut", {
    name: "Ida",
    persona: "I am Ida.",
    visibility: "public",
  });
  const sam = await house.newcomer("Sam");
  await sam.talkWith("Ida");
  await sam.say("My dog is called Rufus.");
  await sam.bubbles("Ida, a twin").first().waitFor();
  await page.reload();
  const entry = page.getByRole("listitem", { name: "About Sam: My dog is called Rufus." });
  await entry.getByText("About: Sam · said").waitFor();
  // The owner takes no part where it was said.
  expect(await entry.getByRole("link").count()).toBe(0);
  await entry.getByRole("button", { name: /^Sam · whom/ }).waitFor();

  await sam.page.getByRole("button", { name: "Menu of Sam" }).click();
  await sam.page.getByRole("link", { name: "Settings" }).click();
  const section = sam.page.getByRole("region", { name: "What twins remember of me" });
  await section.getByText("My dog is called Rufus.").waitFor();
  await section.getByRole("link", { name: "where you said it" }).click();
  await sam.bubbles().first().getByText("My dog is called Rufus.").waitFor();
  await sam.go("/settings");
  await section.getByRole("button", { name: "Have Ida forget: My dog is called Rufus." }).click();
  await sam.page.getByRole("button", { name: "Yes, forget it" }).click();
  await section.getByText("No twin of anybody else remembers anything of you.").waitFor();
  expect((await memories()).items).toEqual([]);

  // What its owner says to it, it remembers too, and says from what it wrote.
  await visit.go(`/studio?twin=${twin.id}`);
  await page.getByRole("button", { name: "Try it" }).click();
  await visit.field.waitFor();
  await visit.say("My boat is called Petrel.");
  await visit.bubbles("AI wrote this").first().waitFor();
  await page.getByRole("link", { name: "Memory" }).click();
  const said = page.getByRole("listitem", { name: "About you: My boat is called Petrel." });
  await said.getByRole("link", { name: "where it was said" }).click();
  await visit.field.waitFor();
  await visit.say("What is my boat called?");
  const reply = visit.bubbles("AI wrote this").nth(1);
  await reply.hover();
  await reply.getByRole("button", { name: "Why did it say that?" }).click();
  const why = page.getByRole("dialog", { name: "Why did it say that?" });
  await why.getByRole("list", { name: "What it remembered" }).getByText("My boat is called Petrel.").waitFor();
  const facts = await why.locator("dl > div").evaluateAll((all) => all.map((fact) => fact.textContent));
  expect(facts).toContain("People who listened0");
  await why.getByText("Who it was then").click();
  await why.getByText("I am Ida.").waitFor();
});

test("an owner reads what their twin keeps of a long conversation, and has it forgotten", async () => {
  const { page, person, twin } = await ownerOf("Liv", { name: "Siv", visibility: "public" });
  const talk = await call<{ id: string }>(house.server, "/api/v1/conversations", { twins: [twin.id] }, person.token);
  const lines = [1, 2, 3, 4, 5, 6].map((line) => `${line}: write a summary in short sentences of the boat.`);
  await house.write(person.token, talk.id, lines);
  const route = `/api/v1/twins/${twin.id}/recaps`;
  const recaps = async () => (await call<Page<Memory>>(house.server, route, undefined, person.token)).items;
  await expect.poll(recaps, { timeout: 30_000 }).toHaveLength(1);
  await page.reload();
  const kept = page.getByRole("list", { name: "Long conversations, in short" }).getByRole("listitem");
  await kept.getByText("the boat").waitFor();
  await kept.getByRole("button", { name: "Forget what it keeps of this conversation" }).click();
  await page.getByRole("button", { name: "Forget it for good" }).click();
  await kept.waitFor({ state: "detached" });
  expect(await recaps()).toEqual([]);
});

test.each(LOOKS)(
  "what is remembered stands within its policy and its window, and keeps nobody out: %s",
  async (look, options, isChinese) => {
    const number = LOOKS.findIndex(([other]) => other === look);
    const owner = await registered(house.server, `Nils${number}`);
    const other = await registered(house.server, `Ola${number}`);
    const twin = await call<{ id: string }>(
      house.server,
      "/api/v1/twins",
      { name: `Tove${number}`, visibility: "public" },
      owner.token,
    );
    await call(house.server, "/api/v1/conversations", { title: "Post", members: [other.id] }, owner.token);
    const group = { name: "Family", people: [other.id] };
    const { id } = await call<{ id: string }>(house.server, "/api/v1/groups", group, owner.token);
    const route = `/api/v1/twins/${twin.id}/memories`;
    const audience = { kind: "people", people: [other.id], groups: [id] };
    const first = { text: "I live in a house with a name that is long: Bergtrollfjordlandskapet.", audience };
    const old = await call<{ id: string }>(house.server, route, first, owner.token);
    await call(house.server, route, { text: "I live in Oslo.", supersedes: old.id }, owner.token);
    // Somebody else's twin remembers something of this one's owner.
    const theirs = await call<{ id: string }>(house.server, "/api/v1/twins", { name: "Una" }, other.token);
    const ofOwner = { text: "Nils likes the sea.", about: owner.id };
    await call(house.server, `/api/v1/twins/${theirs.id}/memories`, ofOwner, other.token);

    const visit = await house.visit(options);
    const { page } = visit;
    await visit.go(`/studio?twin=${twin.id}&part=memory`);
    await page.locator('input[name="email"]').fill(`nils${number}@example.com`);
    await page.locator('input[name="password"]').fill("a long passphrase");
    await page.keyboard.press("Enter");
    await page.getByRole("listitem", { name: "Oslo" }).waitFor();
    await page.getByRole("button", { name: /Family/ }).waitFor();
    await picture(page, look, "m1-memory");
    await page.getByRole("button", { name: isChinese ? "写下记忆" : "Write something down" }).click();
    await page.getByRole("radio", { name: isChinese ? "指定的人和群组" : "Named people and groups" }).check();
    await page.getByRole("checkbox", { name: "Family" }).check();
    await picture(page, look, "m2-write");
    await page.getByRole("button", { name: isChinese ? "取消" : "Cancel" }).click();
    await page.getByRole("button", { name: /Family/ }).click();
    await page.getByRole("dialog").getByRole("checkbox", { name: "Family" }).waitFor();
    await picture(page, look, "m3-audience");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: isChinese ? /^忘记：I live in Oslo/ : /^Forget: I live in Oslo/ }).click();
    await page.getByRole("button", { name: isChinese ? "永久忘记" : "Forget it for good" }).waitFor();
    await picture(page, look, "m4-forget");
    await visit.go("/settings#groups");
    await page.getByText("Nils likes the sea.").waitFor();
    await page.getByRole("button", { name: isChinese ? "更改群组 Family" : "Change the group Family" }).click();
    await page.getByRole("checkbox", { name: `Ola${number}` }).waitFor();
    await page.locator("#remembered").scrollIntoViewIfNeeded();
    await picture(page, look, "m5-settings");
  },
  PAGES_TIMEOUT_MS,
);
