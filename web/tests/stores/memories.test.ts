import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { changeGroup, deleteGroup, groupsQuery, makeGroup } from "@/state/groups";
import {
  changeMemory,
  forgetAbout,
  forgetMe,
  forgetMemory,
  forgetMemoryOfMe,
  forgetRecap,
  memoriesOfMeQuery,
  memoriesQuery,
  originQuery,
  recapsQuery,
  undoMemory,
  writeMemory,
} from "@/state/memories";
import { acquaintancesOf, audienceOf, namedIn, toggled } from "@/state/people";
import { type Conversation, queries } from "@/state/queries";
import { documentsQuery, tellDocument } from "@/state/studio";
import { type Answer, type Asked, browserLike, loggedIn, problem } from "./browser-like";

const ROUTE = "/api/v1/twins/nora/memories";
const FAMILY = { id: "family", name: "Family", people: ["bo"], created_at: 1 };

let asked: Asked[];

/** Two pages of what Nora remembers, and two of what is remembered of oneself; whatever is changed is taken. */
function answer({ method, path, query, body }: Asked): Answer {
  if (path.endsWith("/auth/refresh")) {
    return [200, loggedIn(1)];
  }
  if (path.endsWith("/origin")) {
    return path.includes("/kept/") ? [200, { message_id: "kept" }] : [404, problem("not_found")];
  }
  if (method === "GET" && (path.endsWith("/memories") || path.endsWith("/recaps"))) {
    const isFirst = query.before === undefined;
    return [200, { items: [{ id: isFirst ? "m2" : "m1" }], next: isFirst ? "m2" : null }];
  }
  if (method === "GET") {
    return [200, { items: path === "/api/v1/groups" ? [FAMILY] : [{ id: "a" }, { id: "b" }], next: null }];
  }
  if (method === "DELETE") {
    return Object.keys(query).length > 0 || path === "/api/v1/me/memories" ? [200, { memories: 2 }] : [204];
  }
  return [200, { ...FAMILY, id: path.split("/").at(-1), ...(body as object) }];
}

const changes = () =>
  asked
    .filter(({ method, path }) => method !== "GET" && !path.includes("/auth/"))
    .map(({ method, path, query, body }) => [`${method} ${path}`, body ?? query]);
const isStale = (key: readonly unknown[]) => queries.getQueryState(key)?.isInvalidated;

beforeEach(() => {
  asked = browserLike(answer);
  localStorage.setItem("refresh_token", "refresh-1");
});

afterEach(() => {
  queries.clear();
  vi.unstubAllGlobals();
});

describe("what a twin remembers", () => {
  test("is read page by page, of everybody or of one person", async () => {
    const read = await queries.fetchInfiniteQuery({ ...memoriesQuery("nora", "bo"), pages: 2 });
    expect(read.pages.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(["m2", "m1"]);
    await queries.fetchInfiniteQuery(memoriesQuery("nora"));
    const pages = asked.filter(({ path }) => path === ROUTE).map(({ query }) => query);
    expect(pages).toEqual([{ about: "bo" }, { about: "bo", before: "m2" }, {}]);
  });

  const written = { text: "I live in Oslo.", audience: { kind: "public" as const }, supersedes: "m1" };
  test.each<[string, () => Promise<void>, [string, unknown]]>([
    ["written down", () => writeMemory("nora", written), [`POST ${ROUTE}`, written]],
    ["changed", () => changeMemory("nora", "m1", { text: "b" }), [`PATCH ${ROUTE}/m1`, { text: "b" }]],
    ["undone", () => undoMemory("nora", "m1"), [`POST ${ROUTE}/m1/undo`, {}]],
    ["forgotten", () => forgetMemory("nora", "m1"), [`DELETE ${ROUTE}/m1`, {}]],
    ["forgotten of a conversation", () => forgetRecap("nora", "r1"), ["DELETE /api/v1/twins/nora/recaps/r1", {}]],
    ["forgotten about somebody", () => forgetAbout("nora", "bo"), [`DELETE ${ROUTE}`, { about: "bo" }]],
  ])("is %s, and read again, also under replies", async (_, change, expected) => {
    await queries.fetchInfiniteQuery(memoriesQuery("nora"));
    await queries.fetchInfiniteQuery(memoriesQuery("vera"));
    await queries.fetchQuery(originQuery("nora", "kept"));
    await change();
    expect(changes()).toEqual([expected]);
    expect([isStale(memoriesQuery("nora").queryKey), isStale(memoriesQuery("vera").queryKey)]).toEqual([true, false]);
    expect(queries.getQueryData(originQuery("nora", "kept").queryKey)).toBeUndefined();
  });

  test("of long conversations is read page by page", async () => {
    const read = await queries.fetchInfiniteQuery({ ...recapsQuery("nora"), pages: 2 });
    expect(read.pages.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(["m2", "m1"]);
  });

  test("of oneself is forgotten one by one, or all of it", async () => {
    await queries.fetchInfiniteQuery(memoriesOfMeQuery);
    await forgetMemoryOfMe("m2");
    expect(isStale(memoriesOfMeQuery.queryKey)).toBe(true);
    await forgetMe();
    expect(changes()).toEqual([
      ["DELETE /api/v1/me/memories/m2", {}],
      ["DELETE /api/v1/me/memories", {}],
    ]);
  });

  test("stands under a reply where that was kept, and nothing does where it was not", async () => {
    expect(await queries.fetchQuery(originQuery("nora", "kept"))).toEqual({ message_id: "kept" });
    expect(await queries.fetchQuery(originQuery("nora", "old"))).toBeNull();
  });
});

test("groups are made, changed and deleted, and whom a twin may tell something is read again then", async () => {
  await makeGroup("Kin", ["bo"]);
  await queries.fetchQuery(groupsQuery);
  await queries.fetchQuery(documentsQuery("nora"));
  await changeGroup("family", { name: "Kin", people: [] });
  expect(queries.getQueryData(groupsQuery.queryKey)).toEqual([{ ...FAMILY, name: "Kin", people: [] }]);
  await deleteGroup("family");
  expect(queries.getQueryData(groupsQuery.queryKey)).toEqual([]);
  expect(isStale(documentsQuery("nora").queryKey)).toBe(true);
  expect(changes()).toEqual([
    ["POST /api/v1/groups", { name: "Kin", people: ["bo"] }],
    ["PATCH /api/v1/groups/family", { name: "Kin", people: [] }],
    ["DELETE /api/v1/groups/family", {}],
  ]);
});

test("a document is for others from now on, and the rest of the list stays", async () => {
  await queries.fetchQuery(documentsQuery("nora"));
  await tellDocument("nora", "b", { kind: "link" });
  const [first, second] = queries.getQueryData(documentsQuery("nora").queryKey) ?? [];
  expect([first, second]).toMatchObject([{ id: "a" }, { id: "b", audience: { kind: "link" } }]);
});

test("one can name the people of one's conversations, each once and without oneself, bots and twins", () => {
  const member = (kind: string, id: string, name: string) => ({ kind, id, name });
  const conversations = [
    { members: [member("user", "me", "Ana"), member("user", "cy", "Cy"), member("twin", "nora", "Nora")] },
    { members: [member("user", "bo", "Bo"), member("user", "cy", "Cy"), member("bot", "rss", "News")] },
  ] as unknown as Conversation[];
  expect(acquaintancesOf(conversations, "me")).toEqual([
    { id: "bo", name: "Bo" },
    { id: "cy", name: "Cy" },
  ]);
  expect([toggled(["a"], "b"), toggled(["a", "b"], "a")]).toEqual([["a", "b"], ["b"]]);
  expect([namedIn({ kind: "link" }), namedIn({ kind: "people", people: ["a"] })]).toEqual([
    { people: [], groups: [] },
    { people: ["a"], groups: [] },
  ]);
  expect((["private", "link", "public"] as const).map(audienceOf)).toEqual(["owner", "link", "public"]);
});
