import type { BrowserContextOptions, Page } from "playwright-core";
import { expect, test } from "vitest";
import { call, loggedIn, type Person } from "../real-server";
import { House } from "./house";

const house = new House();

interface Twin {
  id: string;
  name: string;
  persona: string;
  greeting: string;
  visibility: string;
}

/** Somebody with a twin, in its studio. */
async function ownerOf(name: string, twin: object, options: BrowserContextOptions = {}) {
  const visit = await house.newcomer(name, options);
  const person = await loggedIn(house.server, name);
  const made = await call<Twin>(house.server, "/api/v1/twins", twin, person.token);
  await visit.go(`/studio?twin=${made.id}`);
  await visit.page.getByRole("heading", { name: made.name, exact: true }).waitFor();
  return { visit, page: visit.page, person, twin: made };
}

function twinAsSaved(person: Person, id: string): Promise<Twin> {
  return call<Twin>(house.server, `/api/v1/twins/${id}`, undefined, person.token);
}

/** Drops files on what has this name, as a mouse would. */
async function drop(page: Page, onto: string, files: { name: string; content: string }[]): Promise<void> {
  const dropped = await page.evaluateHandle((all) => {
    const transfer = new DataTransfer();
    for (const { name, content } of all) {
      transfer.items.add(new File([content], name));
    }
    return transfer;
  }, files);
  const target = page.getByRole("region", { name: onto });
  await target.dispatchEvent("dragover", { dataTransfer: dropped });
  await target.dispatchEvent("drop", { dataTransfer: dropped });
}

test("a twin is made and tried as it is saved; what is not saved says so, survives a reload, and is saved or discarded", async () => {
  const olga = await house.newcomer("Olga");
  const { page } = olga;
  await page.getByRole("link", { name: "Studio of your twins" }).click();
  await page.getByRole("heading", { name: "Make a twin" }).waitFor();
  await page.getByLabel("Name").fill("Nora");
  await page.getByLabel("Who it is").fill("I am Nora, who mends lighthouses.");
  await page.getByRole("button", { name: "Make it" }).click();
  await page.getByRole("heading", { name: "Nora", exact: true }).waitFor();
  await page.getByText("You talk with it as it is saved.").waitFor();
  await page.getByRole("button", { name: "Try it" }).click();
  await olga.field.waitFor();
  await olga.say("!say I am here");
  await olga.bubbles("AI wrote this").getByText("I am here", { exact: true }).waitFor();

  const persona = page.getByLabel("Who it is");
  await persona.fill("I am Nora, who repairs clocks.");
  await page.getByText("Not saved: who it is. Kept in this browser").waitFor();
  await page.getByText("without your changes (who it is)").waitFor();
  await page.getByRole("link", { name: "Documents" }).click();
  await page.getByText("Nora has no documents yet").waitFor();
  await page.getByRole("link", { name: "Persona" }).click();
  expect(await persona.inputValue()).toBe("I am Nora, who repairs clocks.");
  await page.reload();
  await page.getByText("Not saved: who it is. Kept in this browser").waitFor();
  expect(await persona.inputValue()).toBe("I am Nora, who repairs clocks.");

  const id = new URL(page.url()).searchParams.get("twin") ?? "";
  const person = await loggedIn(house.server, "Olga");
  expect((await twinAsSaved(person, id)).persona).toBe("I am Nora, who mends lighthouses.");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Everything is saved.").waitFor();
  expect((await twinAsSaved(person, id)).persona).toBe("I am Nora, who repairs clocks.");
  await page.getByLabel("What it says first").fill("Hello!");
  await page.getByRole("button", { name: "Discard changes" }).click();
  await page.getByText("Everything is saved.").waitFor();
  expect(await page.getByLabel("What it says first").inputValue()).toBe("");
});

test("documents come by drop and by button, each that fails is named with the reason, and what was dropped is cited and opened at the quote", async () => {
  const { visit, page } = await ownerOf("Dag", { name: "Nora", persona: "I am Nora." });
  await page.getByRole("link", { name: "Documents" }).click();
  const key = "The spare key lies under the blue pot on the porch.";
  await drop(page, "Documents", [
    { name: "keys.md", content: `# House\n\nThe house is old.\n\n## Keys\n\n${key}\n` },
    { name: "scan.pdf", content: "%PDF-1.7 and so on" },
    { name: "photo.png", content: "GIF89a" },
    { name: "novel.txt", content: "word ".repeat(500_000) },
  ]);
  await page.getByRole("alert").filter({ hasText: "photo.png was not taken in: the file is a GIF image" }).waitFor();
  await page
    .getByRole("alert")
    .filter({ hasText: "Cannot be read: the document has more than 2 MB of text" })
    .waitFor();
  await page.getByRole("alert").filter({ hasText: "Cannot be read: the file cannot be read as a PDF" }).waitFor();
  await page.getByRole("button", { name: "Read keys.md" }).waitFor();
  await page.getByRole("button", { name: "Forget about photo.png" }).click();
  for (const name of ["scan.pdf", "novel.txt"]) {
    await page.getByRole("button", { name: `Delete ${name}`, exact: true }).click();
    await page.getByRole("button", { name: `Delete ${name} for good` }).click();
  }
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose files" }).click();
  const picked = { name: "boats.txt", mimeType: "text/plain", buffer: Buffer.from("The boat is called Petrel.") };
  await (await chooser).setFiles([picked]);
  await page.getByRole("button", { name: "Read boats.txt" }).waitFor();
  await page.getByRole("heading", { name: "2 documents" }).waitFor();

  await page.getByRole("link", { name: "Persona" }).click();
  await page.getByRole("button", { name: "Try it" }).click();
  await visit.field.waitFor();
  await visit.say("Where is the spare key under the pot?");
  const reply = visit.bubbles("AI wrote this").last();
  await reply.getByRole("button", { name: /^\d sources?$/ }).click();
  await reply.getByRole("button", { name: "Open keys.md here" }).click();
  const document = page.getByRole("region", { name: "Text of keys.md" });
  await document.locator("mark").filter({ hasText: key }).waitFor();
  await page.getByRole("button", { name: "Close" }).click();

  await reply.hover();
  await reply.getByRole("button", { name: "Why did it say that?" }).click();
  const why = page.getByRole("dialog", { name: "Why did it say that?" });
  await why.getByText("scripted").waitFor();
  await why.getByText("Temperature").waitFor();
  const facts = await why.locator("dl > div").evaluateAll((all) => all.map((fact) => fact.textContent));
  expect(facts.map((fact) => fact?.replace(/\d[\d.,]*/g, "N"))).toEqual([
    "Modelscripted",
    "Adapternone",
    "SeedN",
    "TemperatureN",
    "People who listenedN",
    "Messages before the questionN",
    "Tokens readN",
    "Tokens writtenN",
    "Tokens it might writeN",
    "First words afterN ms",
    "Whole afterN ms",
    "Why it endedIt was done",
  ]);
  await why.getByText(key).waitFor();
  await page.keyboard.press("Escape");

  await page.getByRole("link", { name: "Documents" }).click();
  await page.getByRole("button", { name: "Delete keys.md", exact: true }).click();
  await page.getByRole("button", { name: "Delete keys.md for good" }).click();
  await page.getByRole("heading", { name: "1 document", exact: true }).waitFor();
  await page
    .getByRole("status")
    .filter({ hasText: /^Forgotten: \d+ pieces?, \d+ quotes? under replies, and a file of/ })
    .waitFor();
});

test("a twin is shared by its link and by the invitation to a room, and others come that way", async () => {
  const permissions = ["clipboard-read", "clipboard-write"];
  const { page, twin } = await ownerOf("Sol", { name: "Vega", greeting: "Ask me about stars." }, { permissions });
  await page.getByRole("link", { name: "Sharing" }).click();
  await page.getByText("Only you may talk with Vega").waitFor();
  await page.getByRole("button", { name: "Let whoever has the link talk with it" }).click();
  const link = page.getByLabel("Link to Vega");
  await link.waitFor();
  await page.getByRole("button", { name: "Copy the link" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${house.server.url}/talk?twin=${twin.id}`);

  const tom = await house.newcomer("Tom");
  await tom.go(new URL(await link.inputValue()).pathname + new URL(await link.inputValue()).search);
  await tom.page.getByText("Ask me about stars.").waitFor();
  await tom.page.getByRole("button", { name: "Talk with Vega" }).click();
  await tom.field.waitFor();
  await tom.say("!say Welcome, Tom");
  await tom.bubbles("Vega, a twin").getByText("Welcome, Tom", { exact: true }).waitFor();

  await page.getByLabel("Title of the room").fill("Stargazers");
  await page.getByRole("button", { name: "Make the room" }).click();
  const invitation = await page.getByLabel("Invitation to Stargazers").inputValue();
  await tom.go(invitation.slice(house.server.url.length));
  await tom.page.getByRole("button", { name: "Join" }).click();
  await tom.page.getByRole("heading", { name: "Stargazers" }).waitFor();
  await page.getByRole("link", { name: "To the room" }).click();
  await page.getByText("3 members").waitFor();
});

test("reports are decided about, and feedback is read, by the owner of the twin that they are about", async () => {
  const { page, person, twin } = await ownerOf("Rut", { name: "Ida", visibility: "public" });
  const una = await house.newcomer("Una");
  await una.talkWith("Ida");
  await una.say("!say You are wrong");
  const reply = una.bubbles("Ida, a twin");
  await reply.getByText("You are wrong").waitFor();
  await reply.hover();
  await reply.getByRole("button", { name: "A bad reply" }).click();
  await reply.getByRole("button", { name: "A bad reply", pressed: true }).waitFor();
  const { token } = await loggedIn(house.server, "Una");
  const conversation = new URL(una.page.url()).searchParams.get("id");
  const path = `/api/v1/conversations/${conversation}/messages`;
  const { items } = await call<{ items: { message_id: string; author: { kind: string } }[] }>(
    house.server,
    path,
    undefined,
    token,
  );
  const said = items.find(({ author }) => author.kind === "twin")?.message_id;
  await call(
    house.server,
    `${path}/${said}/reports`,
    { reason: "misrepresentation", note: "She never said so" },
    token,
  );

  await page.getByRole("link", { name: "Reviews" }).click();
  await page.getByText("Una found a reply bad").waitFor();
  const report = page.getByRole("article", { name: "Report: Misrepresentation" });
  await report.getByText("You are wrong").waitFor();
  await report.getByText("Note: She never said so").waitFor();
  await report.getByRole("button", { name: "It may stay" }).click();
  await page.getByText("Nothing that it said is reported.").waitFor();
  await page.getByText("Decided").click();
  await report.getByText("It may stay").waitFor();
  const open = `/api/v1/twins/${twin.id}/reports`;
  expect((await call<{ items: unknown[] }>(house.server, open, undefined, person.token)).items).toEqual([]);
});

test("a twin is deleted after a question that names it, and whose it is not finds no studio of it", async () => {
  const { page, twin } = await ownerOf("Pia", { name: "Orla", visibility: "public" });
  const other = await house.newcomer("Quin");
  await other.go(`/studio?twin=${twin.id}`);
  await other.page.getByText("You have no such twin.").waitFor();
  await page.getByRole("button", { name: "Delete this twin…" }).click();
  const question = page.getByRole("dialog", { name: "Delete Orla?" });
  await question.getByRole("button", { name: "Cancel" }).click();
  await question.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Delete this twin…" }).click();
  await question.getByRole("button", { name: "Delete Orla for good" }).click();
  await page.getByRole("heading", { name: "Make a twin" }).waitFor();
  expect(await page.getByRole("link", { name: "Orla" }).count()).toBe(0);
  const gone = await fetch(`${house.server.url}/api/v1/twins/${twin.id}`, {
    headers: { authorization: `Bearer ${(await loggedIn(house.server, "Pia")).token}` },
  });
  expect(gone.status).toBe(404);
});

test("the whole way goes with keys alone: make a twin, describe it, save it, and delete it", async () => {
  const kai = await house.newcomer("Kai");
  const { page } = kai;
  await tabTo(page, "Studio of your twins");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Make a twin" }).waitFor();
  await tabTo(page, "Name");
  await page.keyboard.type("Juno");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Juno", exact: true }).waitFor();
  await tabTo(page, "Who it is");
  await page.keyboard.type("I am Juno.");
  await tabTo(page, "Only you");
  await page.keyboard.press("ArrowDown");
  await page.getByText("Not saved: who it is, who may talk with it.").waitFor();
  await tabTo(page, "Save");
  await page.keyboard.press("Enter");
  await page.getByText("Everything is saved.").waitFor();
  const id = new URL(page.url()).searchParams.get("twin") ?? "";
  const saved = await twinAsSaved(await loggedIn(house.server, "Kai"), id);
  expect([saved.persona, saved.visibility]).toEqual(["I am Juno.", "link"]);
  await tabTo(page, "Delete this twin…");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Delete Juno?" }).waitFor();
  await tabTo(page, "Delete Juno for good");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Make a twin" }).waitFor();
});

/** Presses Tab until what has this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  const nameOf = () => {
    const focused = document.activeElement as HTMLElement & { labels?: NodeListOf<HTMLLabelElement> | null };
    const label = focused.labels?.[0]?.textContent ?? "";
    return focused.getAttribute("aria-label") ?? (label === "" ? (focused.textContent ?? "") : label);
  };
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press("Tab");
    const focused = (await page.evaluate(nameOf)).replace(/\s*\*$/, "").trim();
    if (focused === name) {
      return;
    }
  }
  throw new Error(`Tab never comes to “${name}”`);
}
