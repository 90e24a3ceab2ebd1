/** Calls of the HTTP API, checked against its description, as whoever is signed in. */

import createClient from "openapi-fetch";
import type { components, paths } from "./http-api.generated";
import { accessToken, Refused } from "./session";
import { apiUrl } from "./settings";

export type Api = components["schemas"];

/** Requests to the API; a token that the server does not take is exchanged once. */
export const http = createClient<paths>({
  Request: class extends Request {
    constructor(input: URL | RequestInfo, init?: RequestInit) {
      super(typeof input === "string" ? new URL(input, apiUrl()) : input, init);
    }
  },
  fetch: async (request: Request) => {
    const again = request.clone();
    const token = await accessToken();
    const answer = await fetch(authorized(request, token));
    if (answer.status !== 401 || token === null) {
      return answer;
    }
    return fetch(authorized(again, await accessToken(token)));
  },
});

function authorized(request: Request, token: string | null): Request {
  if (token !== null) {
    request.headers.set("authorization", `Bearer ${token}`);
  }
  return request;
}

/** The body of an answer; a refusal is thrown. */
export async function body<Data>(answer: Promise<{ data?: Data; error?: unknown; response: Response }>): Promise<Data> {
  const { data, error, response } = await answer;
  if (!response.ok) {
    const problem = (error ?? {}) as { code?: string; detail?: string };
    throw new Refused(response.status, problem.code ?? "internal", problem.detail ?? response.statusText);
  }
  return data as Data;
}
