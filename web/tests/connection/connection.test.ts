import { afterEach, beforeEach, expect, test } from "vitest";
import { BackOff } from "@/connection/back-off";
import {
  BACK_OFF_FIRST_MS,
  BACK_OFF_MAX_MS,
  type OutboxEntry,
  type OutboxStorage,
  type ServerFrame,
} from "@/connection/index";
import { Client, ScriptedServer, USER } from "./scripted-server";

const conversation_id = "c";

function message(seq: number): Extract<ServerFrame, { op: "message" }> {
  const author = { kind: "user", ...USER } as const;
  const text = `text ${seq}`;
  return { op: "message", conversation_id, seq, message_id: `m${seq}`, author, ai_written: false, text, created_at: 1 };
}

const seqs = (client: Client) => client.frames.flatMap((frame) => (frame.op === "message" ? [frame.seq] : []));

let server: ScriptedServer;
let client: Client | undefined;

beforeEach(async () => {
  server = await ScriptedServer.start();
});

afterEach(() => {
  client?.connection.stop();
  server.stop();
});

test("a client identifies itself, and resumes after what it saw when the connection broke", async () => {
  client = new Client({ url: server.url, presence: true });
  client.connection.follow(conversation_id, 4);
  const first = await server.accept();
  expect(await first.welcome()).toEqual({
    op: "resume",
    token: "token",
    cursors: [{ conversation_id, after_seq: 4 }],
    presence: true,
  });
  first.say(message(5), { op: "subscribed", conversation_id, last_seq: 5 }, message(6));
  await client.until((told) => seqs(told).length === 2);
  first.socket.terminate();
  const second = await server.accept();
  expect(await second.welcome()).toMatchObject({ op: "resume", cursors: [{ conversation_id, after_seq: 6 }] });
  second.say(message(6), message(7), { op: "subscribed", conversation_id, last_seq: 7 });
  await client.until((told) => seqs(told).length === 3);
  expect(seqs(client)).toEqual([5, 6, 7]);
});

test("who follows nothing identifies, and asks for what it follows later", async () => {
  client = new Client({ url: server.url });
  const peer = await server.accept();
  expect(await peer.welcome()).toEqual({ op: "identify", token: "token" });
  await client.until(({ connection }) => connection.state.name === "open");
  client.connection.follow(conversation_id, 3);
  expect(await peer.next()).toEqual({ op: "subscribe", conversation_id, after_seq: 3, ref: "r1" });
});

test("what is followed while the client is being let in is asked for as soon as it is in", async () => {
  client = new Client({ url: server.url });
  const peer = await server.accept();
  expect(await peer.next()).toEqual({ op: "identify", token: "token" });
  client.connection.follow(conversation_id, 3);
  peer.say({ op: "ready", session_id: "s", user: USER, heartbeat_ms: 20_000 });
  expect(await peer.next()).toEqual({ op: "subscribe", conversation_id, after_seq: 3, ref: "r1" });
});

test("a gap is asked for, and nothing behind it is handed on before", async () => {
  client = new Client({ url: server.url });
  client.connection.follow(conversation_id, 0);
  const peer = await server.accept();
  await peer.welcome();
  peer.say({ op: "subscribed", conversation_id, last_seq: 0 }, message(1), message(3), message(4));
  expect(await peer.next()).toMatchObject({ op: "subscribe", conversation_id, after_seq: 1 });
  expect(seqs(client)).toEqual([1]);
  peer.say(message(2), message(3), message(4), { op: "subscribed", conversation_id, last_seq: 4 });
  await client.until((told) => seqs(told).length === 4);
  expect(seqs(client)).toEqual([1, 2, 3, 4]);
});

test("what is not acknowledged is sent again with the same client_id, and the next only after it", async () => {
  client = new Client({ url: server.url });
  const send = (client_id: string) => ({ op: "send", conversation_id, client_id, text: client_id }) as const;
  client.connection.send(send("one"));
  client.connection.send(send("two"));
  const first = await server.accept();
  await first.welcome();
  expect(await first.next()).toEqual({ ...send("one"), ref: "one" });
  first.socket.terminate();
  const second = await server.accept();
  await second.welcome();
  expect(await second.next()).toEqual({ ...send("one"), ref: "one" });
  second.say({ op: "ack", ref: "one", conversation_id, client_id: "one", seq: 1, message_id: "m1" });
  expect(await second.next()).toEqual({ ...send("two"), ref: "two" });
  second.say({ op: "error", ref: "two", code: "forbidden", message: "muted" });
  await client.until(({ connection }) => connection.waiting[0]?.refusal !== undefined);
  expect(client.connection.waiting.map(({ frame, refusal }) => [frame.client_id, refusal])).toEqual([
    ["two", { code: "forbidden", message: "muted" }],
  ]);
});

test("what waits survives a reload", async () => {
  const kept = new Map<string, OutboxEntry>();
  const storage: OutboxStorage = {
    load: () => [...kept.values()],
    put: (entry) => kept.set(entry.frame.client_id, entry),
    remove: (clientId) => kept.delete(clientId),
  };
  const before = new Client({ url: "ws://127.0.0.1:1/ws", storage });
  before.connection.send({ op: "send", conversation_id, client_id: "one", text: "hello" });
  before.connection.stop();
  client = new Client({ url: server.url, storage });
  const peer = await server.accept();
  await peer.welcome();
  expect(await peer.next()).toMatchObject({ op: "send", client_id: "one", text: "hello" });
  peer.say({ op: "ack", conversation_id, client_id: "one", seq: 1, message_id: "m1" });
  await client.until(({ events }) => events.some((event) => event.type === "acknowledged"));
  expect(kept.size).toBe(0);
});

test("a client stops where coming back would end the same way", async () => {
  client = new Client({ url: server.url });
  const peer = await server.accept();
  await peer.welcome();
  peer.socket.close(1009, "too large");
  await client.until(({ connection }) => connection.state.name === "stopped");
  expect(client.connection.state).toEqual({ name: "stopped", reason: "too large" });
});

test("a client whose token is not taken gets another, and signs out when there is none", async () => {
  const refusals: (string | undefined)[] = [];
  const tokens = ["old", "new", null];
  client = new Client({
    url: server.url,
    token: async (refused) => {
      refusals.push(refused);
      return tokens.shift() ?? null;
    },
  });
  const first = await server.accept();
  await first.next();
  first.say({ op: "error", code: "token_expired", message: "the token has expired" });
  first.socket.close(4401);
  const second = await server.accept();
  expect(await second.welcome()).toMatchObject({ token: "new" });
  second.socket.close(4401);
  await client.until(({ connection }) => connection.state.name === "signed_out");
  expect(refusals).toEqual([undefined, "old", "new"]);
});

test("a client stays away for as long as the server asks", async () => {
  client = new Client({ url: server.url });
  const peer = await server.accept();
  await peer.welcome();
  const before = Date.now();
  peer.say({ op: "reconnect", after_ms: 60_000 });
  peer.socket.close(1012);
  await client.until(({ connection }) => connection.state.name === "waiting");
  const { state } = client.connection;
  expect(state.name === "waiting" && state.until - before).toBeGreaterThanOrEqual(60_000);
  client.connection.retryNow();
  await (await server.accept()).welcome();
});

test("a server that cannot be reached is tried again", async () => {
  const { url } = server;
  server.stop();
  client = new Client({ url });
  await client.until(({ events }) => events.filter(isWaiting).length === 3);
});

test("a server that says nothing any more is asked, and then given up", async () => {
  client = new Client({ url: server.url });
  const silent = await server.accept();
  await silent.welcome(20);
  expect(await silent.next()).toEqual({ op: "ping" });
  await (await server.accept()).welcome();
  expect(client.events.find(isWaiting)).toMatchObject({
    state: { reason: "the server has been silent for too long" },
  });
});

test("a frame that cannot be read ends the connection, and an op that is not known is handed on", async () => {
  client = new Client({ url: server.url });
  const peer = await server.accept();
  await peer.welcome();
  peer.say({ op: "news" } as unknown as ServerFrame);
  peer.socket.send("no JSON");
  await (await server.accept()).welcome();
  expect(client.frames.map((frame) => frame.op as string)).toContain("news");
});

test("a conversation that is gone is followed no longer, and one that is not to be had now is asked for again", async () => {
  client = new Client({ url: server.url });
  client.connection.follow("gone", 1);
  client.connection.follow("later", 1);
  const peer = await server.accept();
  await peer.welcome();
  peer.say({ op: "reset", conversation_id: "gone", code: "not_found", message: "gone" });
  peer.say({ op: "reset", conversation_id: "later", code: "unavailable", message: "later" });
  const again = await server.accept();
  expect(await again.welcome()).toMatchObject({ cursors: [{ conversation_id: "later", after_seq: 1 }] });
});

test("waits double up to a limit, and any part of them is as likely as another", () => {
  const longest = new BackOff(() => 1);
  const waits = Array.from({ length: 8 }, () => longest.next());
  expect(waits.slice(0, 3)).toEqual([BACK_OFF_FIRST_MS, BACK_OFF_FIRST_MS * 2, BACK_OFF_FIRST_MS * 4]);
  expect(waits.at(-1)).toBe(BACK_OFF_MAX_MS);
  longest.reset();
  expect(longest.next()).toBe(BACK_OFF_FIRST_MS);
  expect(new BackOff(() => 0).next()).toBe(0);
});

function isWaiting(event: Client["events"][number]): boolean {
  return event.type === "state" && event.state.name === "waiting";
}
