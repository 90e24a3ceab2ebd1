import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { framesOf, httpApiOf } from "@/build/generated.mjs";
import { jsonCodec, messagePackCodec } from "@/connection/index";
import { call, RealServer, registered } from "../real-server";
import { Client } from "./scripted-server";

const MESSAGES = 60;

const run = promisify(execFile);
const WEB = fileURLToPath(new URL("../../", import.meta.url));

let server: RealServer;

beforeAll(async () => {
  server = await RealServer.start({ TWIN_SENDS_PER_MINUTE: "1000000" });
});

afterAll(() => server.stop());

test("the types are those that the server describes", async () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
  expect(await framesOf(JSON.parse(read("../../../docs/asyncapi.json")))).toBe(
    read("../../connection/frames.generated.ts"),
  );
  expect(await httpApiOf(await call(server, "/api/v1/openapi.json"))).toBe(read("../../state/http-api.generated.ts"));
});

test("two clients in either encoding lose and double nothing while the server is killed and started again", async () => {
  const [ana, bo] = [await registered(server, "ana"), await registered(server, "bo")];
  const room = await call<{ id: string }>(server, "/api/v1/conversations", { members: [bo.id] }, ana.token);
  const url = `${server.url.replace("http", "ws")}/ws`;
  const clients = [
    new Client({ url, token: async () => ana.token, codec: jsonCodec, random: Math.random }),
    new Client({ url, token: async () => bo.token, codec: messagePackCodec, random: Math.random }),
  ] as const;
  for (const client of clients) {
    client.connection.follow(room.id, 0);
  }
  const write = (from: number, to: number) => {
    for (let number = from; number < to; number += 1) {
      for (const [who, { connection }] of clients.entries()) {
        const client_id = `${who}-${number}`;
        connection.send({ op: "send", conversation_id: room.id, client_id, text: client_id });
      }
    }
  };
  const heard = (client: Client) => client.frames.flatMap((frame) => (frame.op === "message" ? [frame] : []));
  write(0, MESSAGES / 2);
  await clients[1].until((client) => heard(client).length >= MESSAGES / 3);
  await server.kill();
  write(MESSAGES / 2, MESSAGES);
  await server.start();
  await Promise.all(clients.map((client) => client.until(() => heard(client).length >= MESSAGES * 2)));
  await Promise.all(clients.map((client) => client.until(({ connection }) => connection.waiting.length === 0)));

  const expected = clients.map((_, who) => Array.from({ length: MESSAGES }, (_, number) => `${who}-${number}`));
  for (const client of clients) {
    const messages = heard(client);
    expect(messages.map(({ seq }) => seq)).toEqual(Array.from({ length: MESSAGES * 2 }, (_, place) => place + 1));
    const of = (who: number) => messages.map(({ text }) => text).filter((text) => text.startsWith(`${who}-`));
    expect([of(0), of(1)]).toEqual(expected);
    client.connection.stop();
  }
});

test("the package for bots is built, and a bot that stands on it asks a twin and hears the answer", async () => {
  await run("npm", ["run", "--silent", "build:connection"], { cwd: WEB });
  const owner = await registered(server, "maker");
  const twin = await call<{ id: string }>(server, "/api/v1/twins", { name: "Echo" }, owner.token);
  const made = await call<{ bot: { id: string }; token: string }>(
    server,
    "/api/v1/bots",
    { name: "Quiz" },
    owner.token,
  );
  const wanted = { twins: [twin.id], bots: [made.bot.id] };
  const room = await call<{ id: string }>(server, "/api/v1/conversations", wanted, owner.token);
  const env = { ...process.env, URL: `${server.url.replace("http", "ws")}/ws`, TOKEN: made.token, ROOM: room.id };
  const bot = await run("node", ["connection/examples/bot.mjs", "@Echo\n!say Hello, bot."], { cwd: WEB, env });
  expect(bot.stdout).toBe("Hello, bot.\n");
});
