/** Debian's Chromium, and what a page does in it that it should not. */

import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { emailOf, PASSPHRASE } from "../real-server";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** The client as `npm run build` left it. */
export const WEB_DIR = fileURLToPath(new URL("../../out", import.meta.url));

/** A small model on a busy machine takes its time. */
export const REPLY_TIMEOUT_MS = 120_000;

export function launch(): Promise<Browser> {
  // Tests run as root in containers, where Chromium has no sandbox of its own.
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
}

/** A page of a browser of its own, and everything about it that no page of ours may do. */
export class Visit {
  /** Requests to other origins, dialogs, errors of scripts, and what the policy forbade. */
  readonly offences: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly origin: string,
  ) {}

  static async of(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    const visit = new Visit(page, new URL(url).origin);
    await visit.watch();
    return visit;
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  async go(path: string): Promise<void> {
    await this.page.goto(this.origin + path);
  }

  /** Makes an account as a newcomer would. */
  async signUp(name: string): Promise<void> {
    const { page } = this;
    await this.go("/");
    await page.getByRole("button", { name: "I have no account yet" }).click();
    await page.getByLabel("Your name").fill(name);
    await page.getByLabel("E-mail address").fill(emailOf(name));
    await page.getByLabel("Password", { exact: false }).first().fill(PASSPHRASE);
    await page.getByRole("button", { name: "Sign up" }).click();
    await page.getByRole("heading", { name: "Talk with a twin" }).waitFor();
  }

  /** Comes as somebody who has an account. */
  async signIn(name: string): Promise<void> {
    const { page } = this;
    await this.go("/");
    await page.getByLabel("E-mail address").fill(emailOf(name));
    await page.getByLabel("Password").first().fill(PASSPHRASE);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Talk with a twin" }).waitFor();
  }

  /** Opens the conversation with a twin. */
  async talkWith(twin: string): Promise<void> {
    await this.page.getByRole("button", { name: `Talk with ${twin}` }).click();
    await this.field.waitFor();
  }

  /** Where one writes. */
  get field() {
    return this.page.getByRole("textbox", { name: "Write a message" });
  }

  async say(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press("Enter");
  }

  /** What is said, from top to bottom, by everybody or by those whose description has this. */
  bubbles(description?: string) {
    const those = description === undefined ? "" : `[aria-label*="${description}"]`;
    return this.page.locator(`article${those}`);
  }

  private async watch(): Promise<void> {
    const { page, origin, offences } = this;
    const own = [origin, origin.replace(/^http/, "ws"), "data:", "blob:"];
    page.on("request", (request) => {
      if (!own.some((prefix) => request.url().startsWith(prefix))) {
        offences.push(`request ${request.url()}`);
      }
    });
    page.on("dialog", (dialog) => {
      offences.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("pageerror", (error) => offences.push(`error ${error.message}`));
    page.on("console", (message) => {
      if (/Content.Security.Policy|Refused to|hydrat/i.test(message.text())) {
        offences.push(`console ${message.text()}`);
      }
    });
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
  }
}
