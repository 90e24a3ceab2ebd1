import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadSettings } from "@/state/settings";
import { NOTHING_LIVE, useStore } from "@/state/store";
import {
  addFiles,
  discardFilesOf,
  FILES_MAX,
  filesSentWith,
  leaveUploads,
  loadUploads,
  removeUpload,
  retryUpload,
  sendWith,
  waitingIn,
  wereSentWith,
} from "@/state/uploads";
import { ANA, type Asked, browserLike, filesLike, loggedIn, problem, until } from "./browser-like";

const ROOM = "room";
const BYTES_MAX = 1_000;

let asked: Asked[];
let files: ReturnType<typeof filesLike>;
let logIns = 0;

beforeEach(async () => {
  asked = browserLike(({ method, path }) => {
    if (path === "/config.json") {
      return [200, { upload_bytes_max: BYTES_MAX }];
    }
    if (method === "DELETE") {
      return [204];
    }
    logIns += 1;
    return [200, loggedIn(logIns)];
  });
  files = filesLike();
  localStorage.setItem("refresh_token", "refresh-0");
  await loadSettings();
  useStore.setState({ ...NOTHING_LIVE, session: { name: "signed_in", me: ANA } });
  loadUploads(ANA.id);
});

afterEach(() => {
  leaveUploads();
  vi.unstubAllGlobals();
});

const file = (name: string, bytes = 5) => new File(["x".repeat(bytes)], name, { type: "text/plain" });
const attachment = (id: string, name: string) => ({ id, name, media_type: "text/plain", size_bytes: 5 });
const names = () => waitingIn(ROOM).map(({ name, state }) => `${name} ${state.name}`);
const are = (...expected: string[]) => until(useStore, () => names().join() === expected.join());
const one = () => waitingIn(ROOM)[0];

/** One file that is there. */
async function there(id: string): Promise<void> {
  addFiles(ROOM, [file(`${id}.txt`)]);
  (await files.next()).answer(201, attachment(id, `${id}.txt`));
  await until(useStore, () => waitingIn(ROOM).some(({ key }) => key === id));
}

test("two files are sent at once, a third when one is there, and each says how much of it was sent", async () => {
  addFiles(ROOM, [file("a.txt"), file("b.txt"), file("c.txt")]);
  const [first, second] = [await files.next(), await files.next()];
  expect(names()).toEqual(["a.txt sending", "b.txt sending", "c.txt waiting"]);
  expect(first.url).toBe("http://house.example/api/v1/attachments");
  first.upload.onprogress?.({ loaded: 3 });
  expect(one()?.state).toEqual({ name: "sending", sentBytes: 3 });
  first.answer(201, attachment("f1", "a.txt"));
  const third = await files.next();
  expect(third.file?.name).toBe("c.txt");
  third.answer(201, attachment("f3", "c.txt"));
  second.answer(201, attachment("f2", "b.txt"));
  await are("a.txt there", "b.txt there", "c.txt there");
});

test("what cannot be sent says so at once, and nothing of it is sent", async () => {
  const few = Array.from({ length: FILES_MAX - 2 }, (_, place) => file(`${place}.txt`));
  addFiles(ROOM, [file("empty.txt", 0), file("large.txt", BYTES_MAX + 1), ...few, file("late.txt")]);
  const refused = waitingIn(ROOM).flatMap(({ name, state }) =>
    state.name === "failed" ? [`${name}: ${state.problem.code} ${state.mayRetry}`] : [],
  );
  expect(refused).toEqual([
    "empty.txt: file_empty false",
    "large.txt: file_too_large false",
    "late.txt: too_many_files false",
  ]);
  await Promise.all([files.next(), files.next()]);
  expect(files.all.map((sent) => sent.file?.name)).toEqual(["0.txt", "1.txt"]);
});

test("what the server will never take is refused for good; what did not reach it is sent again when one asks", async () => {
  addFiles(ROOM, [file("a.exe"), file("b.txt")]);
  const [first, second] = [await files.next(), await files.next()];
  first.answer(415, problem("unsupported_media"));
  second.onerror?.();
  await are("a.exe failed", "b.txt failed");
  expect(waitingIn(ROOM).map(({ state }) => state)).toEqual([
    {
      name: "failed",
      problem: { code: "unsupported_media", message: "unsupported_media, in words" },
      mayRetry: false,
    },
    { name: "failed", problem: { code: "unreachable", message: "Error: no answer" }, mayRetry: true },
  ]);
  retryUpload(waitingIn(ROOM)[1]?.key ?? "");
  (await files.next()).answer(201, attachment("f2", "b.txt"));
  await are("a.exe failed", "b.txt there");
});

test("a token that the server does not take is exchanged once", async () => {
  addFiles(ROOM, [file("a.txt")]);
  const first = await files.next();
  expect(first.headers.authorization).toMatch(/^Bearer access-/);
  const token = first.headers.authorization;
  first.answer(401, problem("unauthenticated"));
  const again = await files.next();
  expect(again.headers.authorization).not.toBe(token);
  again.answer(401, problem("unauthenticated"));
  await are("a.txt failed");
  expect(files.all.length).toBe(2);
});

test("a file that is there survives a reload, for a day, and for nobody else", async () => {
  vi.spyOn(Date, "now").mockReturnValue(1_800_000_000_000);
  await there("f1");
  loadUploads("bo");
  expect(names()).toEqual([]);
  loadUploads(ANA.id);
  expect(waitingIn(ROOM).map(({ key, name, bytes }) => ({ key, name, bytes }))).toEqual([
    { key: "f1", name: "f1.txt", bytes: 5 },
  ]);
  localStorage.setItem("upload:ana:broken", "{");
  vi.mocked(Date.now).mockReturnValue(1_800_000_000_000 + 24 * 60 * 60 * 1_000);
  loadUploads(ANA.id);
  expect(names()).toEqual([]);
  expect(Object.keys(localStorage).filter((key) => key.startsWith("upload:"))).toEqual([]);
  vi.mocked(Date.now).mockRestore();
});

test("one that is taken away is not sent on, and deleted where it is there", async () => {
  addFiles(ROOM, [file("a.txt")]);
  const sent = await files.next();
  removeUpload(one()?.key ?? "");
  expect([sent.isAborted, names()]).toEqual([true, []]);
  await there("f1");
  removeUpload("f1");
  expect(names()).toEqual([]);
  expect(localStorage.getItem("upload:ana:f1")).toBeNull();
  await vi.waitUntil(() => asked.some(({ method }) => method === "DELETE"));
  expect(asked.at(-1)).toMatchObject({ method: "DELETE", path: "/api/v1/attachments/f1" });
});

test("files go with their message, also over a reload, until it is acknowledged or let go", async () => {
  await there("f1");
  await there("f2");
  sendWith("m1", waitingIn(ROOM).slice(0, 1));
  sendWith("m2", waitingIn(ROOM));
  expect(names()).toEqual([]);
  loadUploads(ANA.id);
  expect(["m1", "m2"].map((message) => filesSentWith(message).map(({ id }) => id))).toEqual([["f1"], ["f2"]]);
  wereSentWith("m1");
  expect(filesSentWith("m1")).toEqual([]);
  discardFilesOf("m2");
  loadUploads(ANA.id);
  expect(useStore.getState().uploads).toEqual([]);
  await vi.waitUntil(() => asked.some(({ method }) => method === "DELETE"));
  const deleted = asked.filter(({ method }) => method === "DELETE").map(({ path }) => path);
  expect(deleted).toEqual(["/api/v1/attachments/f2"]);
});

test("who signs out stops what is on its way, and nothing that waits is sent", async () => {
  addFiles(ROOM, [file("a.txt"), file("b.txt"), file("c.txt")]);
  const sent = [await files.next(), await files.next()];
  leaveUploads();
  expect(sent.map(({ isAborted }) => isAborted)).toEqual([true, true]);
  await are("a.txt failed", "b.txt failed", "c.txt waiting");
  expect(files.all.length).toBe(2);
});
