import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { icon } from "../../build/icons.mjs";
import { House } from "./house";

/** Bytes that a file may have on this server. */
const BYTES_MAX = 20_000;

const house = new House({ MAX_UPLOAD_SIZE: String(BYTES_MAX) });

const PICTURE = { name: "two people.png", mimeType: "image/png", buffer: icon(120) as Buffer };
const text = (name: string, content: string) => ({ name, mimeType: "text/plain", buffer: Buffer.from(content) });

const chooser = (page: Page) => page.locator('input[type="file"]');
const files = (page: Page) => page.getByRole("list", { name: "Files of the next message" }).getByRole("listitem");
const sendButton = (page: Page) => page.getByRole("button", { name: "Send", exact: true });

/** Hands files to an element as somebody does who drags or pastes them. */
async function hand(page: Page, event: "dragover" | "drop" | "paste", to: string, name: string): Promise<void> {
  await page
    .locator(to)
    .first()
    .evaluate(
      (element, { event, name }) => {
        const data = new DataTransfer();
        data.items.add(new File([`this is ${name}`], name, { type: "text/plain" }));
        const how = { bubbles: true, cancelable: true };
        element.dispatchEvent(
          event === "paste"
            ? new ClipboardEvent(event, { ...how, clipboardData: data })
            : new DragEvent(event, { ...how, dataTransfer: data }),
        );
      },
      { event, name },
    );
}

test("files that are chosen, dropped and pasted are sent with a text, shown, saved, and there after a reload", async () => {
  const ana = await house.newcomer("Ana");
  const { page } = ana;
  await ana.talkWith("Echo");
  await chooser(page).setInputFiles([PICTURE, text("notes.txt", "chosen")]);
  await hand(page, "dragover", "main section", "dropped.txt");
  await page.getByText("Drop the files here to attach them").waitFor();
  await page.getByText("Up to 10 files, each of at most 20 kB.").first().waitFor();
  await hand(page, "drop", "main section", "dropped.txt");
  await page.getByText("Drop the files here to attach them").waitFor({ state: "detached" });
  await hand(page, "paste", "main textarea", "pasted.txt");
  await page.getByText("Ready to be sent: 4 files.").waitFor();
  expect(await files(page).count()).toBe(4);
  await ana.say("Look at these");
  const said = ana.bubbles("You, a person");
  await said.getByText("Look at these").waitFor();
  expect(await files(page).count()).toBe(0);

  const look = async () => {
    const picture = said.getByRole("img", { name: PICTURE.name });
    await picture.waitFor();
    await page.waitForFunction(() => (document.querySelector<HTMLImageElement>("article img")?.naturalWidth ?? 0) > 0);
    expect(await picture.getAttribute("src")).toMatch(/^blob:/);
    for (const name of ["notes.txt", "dropped.txt", "pasted.txt"]) {
      await said.getByRole("button", { name: `Save ${name}` }).waitFor();
    }
  };
  await look();
  await page.reload();
  await look();
  await said.getByRole("button", { name: `Show the picture ${PICTURE.name}` }).click();
  const viewer = page.getByRole("dialog", { name: PICTURE.name });
  await viewer.locator("img").waitFor();
  const download = page.waitForEvent("download");
  await viewer.getByRole("button", { name: `Save ${PICTURE.name}` }).click();
  const saved = await download;
  expect(saved.suggestedFilename()).toBe(PICTURE.name);
  expect(await readFile(await saved.path())).toEqual(PICTURE.buffer);
});

test("limits are told in words, and what is over them is not sent", async () => {
  const bo = await house.newcomer("Bo");
  const { page } = bo;
  await bo.talkWith("Echo");
  const sent: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/attachments")) {
      sent.push(request.url());
    }
  });
  await chooser(page).setInputFiles([text("large.txt", "x".repeat(BYTES_MAX + 1)), text("empty.txt", "")]);
  await page.getByText("Not sent: the file is larger than 20 kB.").waitFor();
  await page.getByText("Not sent: the file is empty.").waitFor();
  expect(sent).toEqual([]);
  await bo.field.fill("Without them");
  expect(await sendButton(page).isDisabled()).toBe(true);
  for (const name of ["large.txt", "empty.txt"]) {
    await page.getByRole("button", { name: `Take ${name} away` }).click();
  }
  const many = Array.from({ length: 11 }, (_, number) => text(`${number}.txt`, `number ${number}`));
  await chooser(page).setInputFiles(many);
  await page.getByText("Not sent: a message may have 10 files.").waitFor();
  await page.getByRole("button", { name: "Take 10.txt away" }).click();
  await page.getByText("Ready to be sent: 10 files.").waitFor();
  expect(sent).toHaveLength(10);
  await sendButton(page).click();
  await bo.bubbles("You, a person").getByRole("button", { name: "Save 9.txt" }).waitFor();
});

test("a file shows how far it is, is cancelled, says why it failed, and is tried again", async () => {
  const cid = await house.newcomer("Cid");
  const { page } = cid;
  await cid.talkWith("Echo");
  let fate: "held" | "cut" | "through" = "held";
  await page.route("**/api/v1/attachments", (route) =>
    fate === "held" ? new Promise(() => undefined) : fate === "cut" ? route.abort() : route.continue(),
  );
  await chooser(page).setInputFiles(text("slow.txt", "slow"));
  await page.getByRole("progressbar", { name: "Sending slow.txt" }).waitFor();
  await page.getByText("The message can be sent when the files are there.").waitFor();
  const cancelled = page.waitForEvent("requestfailed");
  await page.getByRole("button", { name: "Take slow.txt away" }).click();
  await cancelled;
  expect(await files(page).count()).toBe(0);

  fate = "cut";
  await chooser(page).setInputFiles(text("notes.txt", "again"));
  await files(page).getByText("Not sent: The server cannot be reached.").waitFor();
  fate = "through";
  await files(page).getByRole("button", { name: "Try again" }).click();
  await page.getByText("Ready to be sent: 1 file.").waitFor();

  await chooser(page).setInputFiles({
    ...text("program", ""),
    buffer: Buffer.from("MZ\u0090\0\u0003\0\0\0".repeat(20), "latin1"),
  });
  await files(page)
    .getByText(/Not sent: .*accepted are images/)
    .waitFor();
  await page.getByRole("button", { name: "Take program away" }).click();

  // What is there is there after a reload too, and goes without a text.
  await page.reload();
  await files(page).getByText("notes.txt").waitFor();
  await sendButton(page).click();
  await cid.bubbles("You, a person").getByRole("button", { name: "Save notes.txt" }).waitFor();
  await page.reload();
  await cid.bubbles("You, a person").getByRole("button", { name: "Save notes.txt" }).waitFor();
  expect(await files(page).count()).toBe(0);
});

test("files are attached and taken away by the keyboard alone", async () => {
  const dora = await house.newcomer("Dora");
  const { page } = dora;
  await dora.talkWith("Echo");
  const chosen = page.waitForEvent("filechooser");
  await dora.field.focus();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await (await chosen).setFiles([text("one.txt", "1"), text("two.txt", "2")]);
  await page.getByText("Ready to be sent: 2 files.").waitFor();
  await dora.field.focus();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByText("Ready to be sent: 1 file.").waitFor();
  await dora.field.focus();
  await page.keyboard.press("Enter");
  await dora.bubbles("You, a person").getByRole("button", { name: "Save one.txt" }).waitFor();
});
