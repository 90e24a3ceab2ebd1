import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Answer, type Asked, browserLike, loggedIn, problem, until } from "./browser-like";

const ROUTE = "/api/v1/twins/nora/documents";
const MEBIBYTE = 1024 * 1024;

/** An upload that waits for its answer. */
interface Waiting {
  name: string;
  answer: (answer: Answer) => void;
}

let asked: Asked[];
let waiting: Waiting[];
let came: (() => void) | undefined;

beforeEach(() => {
  vi.resetModules();
  waiting = [];
  came = undefined;
  asked = browserLike(({ method, path, body }) => {
    if (path !== ROUTE || method !== "POST") {
      return [200, loggedIn(1)];
    }
    const [file] = body as File[];
    return new Promise((answer) => {
      waiting.push({ name: file?.name ?? "", answer });
      came?.();
    });
  });
  localStorage.setItem("refresh_token", "refresh-1");
});

afterEach(() => vi.unstubAllGlobals());

async function start() {
  const { letGo, UPLOADS_WAITING_MAX, uploadAgain, uploadDocuments, useDocumentUploads } = await import(
    "@/state/document-uploads"
  );
  const states = () => useDocumentUploads.getState().uploads.map(({ name, state }) => `${name} ${state.name}`);
  const are = (...expected: string[]) => until(useDocumentUploads, () => states().join() === expected.join());
  return { letGo, UPLOADS_WAITING_MAX, uploadAgain, uploadDocuments, useDocumentUploads, states, are };
}

/** The next upload that reaches the server. */
async function next(): Promise<Waiting> {
  if (waiting.length === 0) {
    await new Promise<void>((resolve) => {
      came = resolve;
    });
    came = undefined;
  }
  return waiting.shift() as Waiting;
}

const text = (name: string, bytes = 5) => new File([new Uint8Array(bytes)], name);

test("documents go to a twin one after the other, each for whom it was meant", async () => {
  const { uploadDocuments, useDocumentUploads, states, are } = await start();
  uploadDocuments("nora", [text("a.md"), text("b.md")], "owner");
  uploadDocuments("nora", [text("c.md")], "public");
  for (const name of ["a.md", "b.md", "c.md"]) {
    const upload = await next();
    expect([upload.name, states()[0], waiting]).toEqual([name, `${name} reading`, []]);
    upload.answer([201, {}]);
    await until(useDocumentUploads, ({ taken }) => taken === name);
  }
  await are();
  const sent = asked.filter(({ path, method }) => path === ROUTE && method === "POST");
  expect(sent.map(({ query }) => query.audience)).toEqual(["owner", "owner", "public"]);
});

test("what is too large or one too many fails at once, and nothing of it is sent", async () => {
  const { uploadDocuments, UPLOADS_WAITING_MAX, states, useDocumentUploads } = await start();
  uploadDocuments("nora", [text("large.md", 10 * MEBIBYTE + 1)], "link");
  expect(states()).toEqual(["large.md failed"]);
  const many = Array.from({ length: UPLOADS_WAITING_MAX + 1 }, (_, place) => text(`${place}.md`));
  uploadDocuments("nora", many, "link");
  const failed = useDocumentUploads
    .getState()
    .uploads.flatMap(({ name, state }) => (state.name === "failed" ? [[name, state.why]] : []));
  expect(failed).toEqual([
    ["large.md", "too_large"],
    [`${UPLOADS_WAITING_MAX}.md`, "too_many"],
  ]);
  expect((await next()).name).toBe("0.md");
});

test("one that is refused says why and stays, and the next one goes on", async () => {
  const { uploadDocuments, useDocumentUploads, letGo, are } = await start();
  uploadDocuments("nora", [text("scan.pdf"), text("lost.md"), text("b.md")], "link");
  (await next()).answer([415, problem("unsupported_media")]);
  (await next()).answer(undefined);
  (await next()).answer([201, {}]);
  await are("scan.pdf failed", "lost.md failed");
  const [scan, lost] = useDocumentUploads.getState().uploads;
  expect([scan?.state, lost?.state]).toEqual([
    { name: "failed", why: { code: "unsupported_media", message: "unsupported_media, in words" } },
    { name: "failed", why: { code: "unreachable", message: "TypeError: fetch failed" } },
  ]);
  letGo(scan?.id ?? 0);
  await are("lost.md failed");
});

test("one that was lost is sent again when that is wished, and one that was let go is not", async () => {
  const { uploadDocuments, uploadAgain, letGo, useDocumentUploads, are } = await start();
  uploadDocuments("nora", [text("a.md"), text("b.md")], "owner");
  (await next()).answer(undefined);
  (await next()).answer(undefined);
  await are("a.md failed", "b.md failed");
  const [a, b] = useDocumentUploads.getState().uploads;
  letGo(b?.id ?? 0);
  uploadAgain(b?.id ?? 0);
  uploadAgain(a?.id ?? 0);
  const upload = await next();
  expect(upload.name).toBe("a.md");
  upload.answer([201, {}]);
  await are();
  const sent = asked.filter(({ path, method }) => path === ROUTE && method === "POST");
  expect(sent.map(({ query }) => query.audience)).toEqual(["owner", "owner", "owner"]);
});

test("one that is stopped is given up, whether it is on its way or waits", async () => {
  const { uploadDocuments, useDocumentUploads, letGo, are } = await start();
  uploadDocuments("nora", [text("a.md"), text("b.md"), text("c.md")], "link");
  await next();
  const [a, b] = useDocumentUploads.getState().uploads;
  letGo(b?.id ?? 0);
  letGo(a?.id ?? 0);
  const upload = await next();
  expect(upload.name).toBe("c.md");
  upload.answer([201, {}]);
  await are();
  expect(useDocumentUploads.getState().taken).toBe("c.md");
});
