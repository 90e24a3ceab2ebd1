import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Answers, browserLike, loggedIn, problem } from "./browser-like";

beforeEach(() => {
  vi.resetModules();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

async function start(answers: Answers) {
  const asked = browserLike(answers);
  localStorage.setItem("refresh_token", "refresh-0");
  const { body, http } = await import("@/state/http");
  return { asked, body, http };
}

test("a call whose token is not taken is made again, once, with another", async () => {
  let number = 0;
  let taken = "Bearer access-2";
  const { asked, body, http } = await start(({ path, token }) => {
    if (path === "/api/v1/auth/refresh") {
      number += 1;
      return [200, loggedIn(number)];
    }
    return token === taken ? [200, { items: [], next: null }] : [401, problem("unauthenticated")];
  });
  expect(await body(http.GET("/api/v1/twins"))).toEqual({ items: [], next: null });
  const tokens = asked.filter(({ path }) => path === "/api/v1/twins").map(({ token }) => token);
  expect(tokens).toEqual(["Bearer access-1", "Bearer access-2"]);
  // The body goes along both times.
  taken = "Bearer access-3";
  await body(http.POST("/api/v1/keys", { body: { name: "notebook" } }));
  const bodies = asked.filter(({ path }) => path === "/api/v1/keys").map(({ body: sent }) => sent);
  expect(bodies).toEqual([{ name: "notebook" }, { name: "notebook" }]);
  taken = "none";
  await expect(body(http.GET("/api/v1/twins"))).rejects.toMatchObject({ status: 401 });
});

test("a refusal is thrown with its code, also where the answer is no problem document", async () => {
  const answers: ReturnType<Answers>[] = [
    [200, loggedIn(1)],
    [409, problem("limit_reached")],
    [502, undefined],
  ];
  const { body, http } = await start(() => answers.shift());
  const call = () => body(http.GET("/api/v1/keys"));
  await expect(call()).rejects.toMatchObject({
    status: 409,
    code: "limit_reached",
    message: "limit_reached, in words",
  });
  await expect(call()).rejects.toMatchObject({ status: 502, code: "internal" });
});
