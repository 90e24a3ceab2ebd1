/** The real server, of the debug build, on a port and with a folder of its own. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Where the models are looked for, and the program is. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = join(ROOT, process.env.PROGRAM ?? "target/debug/digital-twin");
const QUOTAS = ["LOGIN_IP", "LOGIN_ACCOUNT", "REGISTER_IP", "WRITES", "API", "SEARCHES"];

/** A server of tests; it may be killed and started again on the same port and folder. */
export class RealServer {
  readonly folder = mkdtempSync(join(tmpdir(), "digital-twin-web-"));
  private process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly settings: Record<string, string>,
  ) {}

  /** Starts a server; `settings` add to those of tests, and `before` is a command of the program that comes first. */
  static async start(settings: Record<string, string> = {}, before: string[] = []): Promise<RealServer> {
    const server = new RealServer(await freePort(), settings);
    if (before.length > 0) {
      await server.run(...before);
    }
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.process = spawn(PROGRAM, ["serve"], {
      cwd: ROOT,
      env: this.environment(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: this.process.stdout as NodeJS.ReadableStream });
    for await (const line of lines) {
      if (line.includes(" serves http")) {
        return;
      }
    }
    throw new Error("the server ended before it served");
  }

  /** Runs another command of the program, on the same folder. */
  async run(...command: string[]): Promise<void> {
    const child = spawn(PROGRAM, command, {
      cwd: ROOT,
      env: this.environment(),
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [status] = await once(child, "exit");
    if (status !== 0) {
      throw new Error(`${command.join(" ")} ended with status ${status}`);
    }
  }

  /** Ends it without a word, as a crash would. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.end("SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    }
  }

  private environment(): NodeJS.ProcessEnv {
    const generous = Object.fromEntries(QUOTAS.map((name) => [`TWIN_QUOTA_${name}`, "1000000/second"]));
    const { PATH = "", HOME = "" } = process.env;
    const own = { DATA_DIR: this.folder, PORT: String(this.port), TWIN_ENGINE: "scripted", LOG_LEVEL: "error" };
    return {
      PATH,
      HOME,
      ...generous,
      ...own,
      TWIN_DRAIN_SECONDS: "2",
      ...this.settings,
    } as unknown as NodeJS.ProcessEnv;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}

/** Calls the HTTP API. */
export async function call<Answer>(server: RealServer, path: string, body?: unknown, token?: string): Promise<Answer> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token !== undefined) {
    headers.authorization = `Bearer ${token}`;
  }
  const request = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
  const answer = await fetch(server.url + path, request);
  if (!answer.ok) {
    throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }
  return (await answer.json()) as Answer;
}

/** The password of everybody in tests. */
export const PASSPHRASE = "a long passphrase";

export function emailOf(name: string): string {
  return `${name.toLowerCase()}@example.com`;
}

/** Somebody as the HTTP API knows them. */
export interface Person {
  id: string;
  token: string;
}

/** Makes an account. */
export function registered(server: RealServer, name: string, email = emailOf(name)): Promise<Person> {
  return entered(server, "register", { email, name, password: PASSPHRASE });
}

/** Logs somebody in who has an account. */
export function loggedIn(server: RealServer, name: string): Promise<Person> {
  return entered(server, "login", { email: emailOf(name), password: PASSPHRASE });
}

async function entered(server: RealServer, how: string, account: object): Promise<Person> {
  const made = await call<{ access_token: string; user: { id: string } }>(server, `/api/v1/auth/${how}`, account);
  return { id: made.user.id, token: made.access_token };
}
