import { test } from "vitest";
import { call, registered } from "../real-server";
import { House } from "./house";
import { LOOKS, picture } from "./looks";

const house = new House();

/** Two browsers go through a dozen pages, and axe through each. */
const PAGES_TIMEOUT_MS = 180_000;

const KEYS = "# House\n\n## Keys\n\nThe spare key lies under the blue pot on the porch.\n";

test.each(LOOKS)(
  "every page of the studio stands within its policy and its window, and keeps nobody out: %s",
  async (look, options, isChinese) => {
    const number = LOOKS.findIndex(([other]) => other === look);
    const visit = await house.visit(options);
    const { page } = visit;
    const owner = await registered(house.server, `Olga${number}`);
    const twin = await call<{ id: string }>(
      house.server,
      "/api/v1/twins",
      {
        name: `Nora${number}`,
        persona: "I am Nora. I repair lighthouses, and I speak plainly.",
        greeting: "Hello, I am Nora's twin. Ask me about lenses and storms.",
        visibility: "public",
        oversight: true,
      },
      owner.token,
    );
    await call(
      house.server,
      "/api/v1/twins",
      { name: "A twin whose name is so long that no list shows all of it" },
      owner.token,
    );
    await visit.go("/studio");
    await page.locator('input[name="email"]').fill(`olga${number}@example.com`);
    await page.locator('input[name="password"]').fill("a long passphrase");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: isChinese ? "创建分身" : "Make a twin" }).waitFor();
    await picture(page, look, "s1-studio");

    await visit.go(`/studio?twin=${twin.id}`);
    await page.getByRole("button", { name: isChinese ? "试一试" : "Try it" }).click();
    await page.locator("main section textarea").first().waitFor();
    await page.getByLabel(isChinese ? "语言" : "Language").fill("en");
    await picture(page, look, "s2-persona");
    await page.getByRole("button", { name: isChinese ? "删除此分身…" : "Delete this twin…" }).click();
    await page.getByRole("dialog").waitFor();
    await picture(page, look, "s3-delete");

    await visit.go(`/studio?twin=${twin.id}&part=documents`);
    await page.getByRole("heading", { name: isChinese ? "0 个文档" : "0 documents" }).waitFor();
    await page.locator('input[type="file"]').setInputFiles([
      { name: "keys.md", mimeType: "text/markdown", buffer: Buffer.from(KEYS) },
      { name: "scan.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7") },
    ]);
    await page.locator('main [role="alert"]').waitFor();
    await page.getByRole("heading", { name: isChinese ? "2 个文档" : "2 documents" }).waitFor();
    await picture(page, look, "s4-documents");

    await visit.go(`/studio?twin=${twin.id}&part=sharing`);
    await page.getByRole("button", { name: isChinese ? "复制链接" : "Copy the link" }).waitFor();
    await picture(page, look, "s5-sharing");

    // Somebody talks with it, rates it and reports it; it may write only what its owner approves.
    const friend = await registered(house.server, `Finn${number}`);
    const talk = await call<{ id: string }>(house.server, "/api/v1/conversations", { twins: [twin.id] }, friend.token);
    const finn = await house.visit();
    await finn.go(`/chat?id=${talk.id}`);
    await finn.page.locator('input[name="email"]').fill(`finn${number}@example.com`);
    await finn.page.locator('input[name="password"]').fill("a long passphrase");
    await finn.page.keyboard.press("Enter");
    await finn.field.waitFor();
    await finn.say("Where is the spare key under the pot?");
    const reply = finn.bubbles("AI wrote this");
    await reply.getByRole("button", { name: /source/ }).waitFor();
    await reply.hover();
    await reply.getByRole("button", { name: "A good reply" }).click();
    await reply.getByRole("button", { name: "A good reply", pressed: true }).waitFor();
    const path = `/api/v1/conversations/${talk.id}/messages`;
    const { items } = await call<{ items: { message_id: string; author: { kind: string } }[] }>(
      house.server,
      path,
      undefined,
      friend.token,
    );
    const said = items.find(({ author }) => author.kind === "twin")?.message_id;
    await call(
      house.server,
      `${path}/${said}/reports`,
      { reason: "private_information", note: "Says where the key is" },
      friend.token,
    );

    await visit.go(`/studio?twin=${twin.id}&part=reviews`);
    await page.getByRole("article").waitFor();
    await page.getByText(`Finn${number}`).waitFor();
    await picture(page, look, "s6-reviews");

    await visit.go(`/studio?twin=${twin.id}&part=conversations`);
    await page.getByRole("button", { name: isChinese ? "旁观" : "Watch" }).waitFor();
    await page.locator("main select").first().selectOption("draft");
    await page.getByRole("button", { name: isChinese ? "旁观" : "Watch" }).click();
    await page.getByText(isChinese ? "您在这里只能阅读。" : "You may only read here.").waitFor();
    await finn.say("And where are the lamps?");
    const waiting = page.getByRole("article", { name: isChinese ? "等待您决定的回复" : "that waits for your word" });
    await waiting.waitFor();
    await visit.bubbles("Finn").last().getByText("And where are the lamps?").waitFor();
    await picture(page, look, "s7-watching");
    await page.getByRole("button", { name: isChinese ? /代替/ : /Write in Nora/ }).click();
    await page.getByRole("textbox", { name: isChinese ? /代替/ : /Write in Nora/ }).fill("I am the owner.");
    await page.keyboard.press("Enter");
    await visit.bubbles(isChinese ? "分身的主人" : "the owner of the twin").waitFor();
    await picture(page, look, "s8-in-place");
    await visit.go(`/studio?twin=${twin.id}&part=conversations`);
    await waiting.waitFor();
    await picture(page, look, "s9-conversations");
    await visit.go(`/chat?id=${talk.id}`);
    const first = visit.bubbles("AI").first();
    await first.hover();
    await first.getByRole("button", { name: isChinese ? "它为什么这样说？" : "Why did it say that?" }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /keys\.md/ })
      .waitFor();
    await picture(page, look, "s10-why");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /keys\.md/ })
      .click();
    await page.locator("mark").last().waitFor();
    await picture(page, look, "s11-source");
    await visit.go(`/talk?twin=${twin.id}`);
    await page.getByRole("heading", { name: `Nora${number}` }).waitFor();
    await picture(page, look, "s12-talk");
    await visit.go("/talk?twin=01890a5d-ac96-7ab2-80e2-4536629c90de");
    await page.getByRole("heading", { name: isChinese ? "没有这个分身" : "There is no such twin" }).waitFor();
  },
  PAGES_TIMEOUT_MS,
);
