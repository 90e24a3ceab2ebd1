/** What somebody looks for, as the address of the page says it and as the server is asked. Pure but for the asking. */

import { infiniteQueryOptions } from "@tanstack/react-query";
import { type Api, body, http } from "./http";

/** What may be given, by the names that the address of the page has too. */
export const FIELDS = ["q", "from", "in", "before", "after", "has", "sort"] as const;

export type Wanted = Partial<Record<(typeof FIELDS)[number], string>>;

export type Hit = Api["SearchHit"];

/** A piece of a text, and whether it is what was looked for. */
export interface Piece {
  text: string;
  isFound: boolean;
}

/** What an address asks for; what is empty is left out. */
export function wantedOf(parameters: URLSearchParams): Wanted {
  const given = FIELDS.map((field) => [field, parameters.get(field)?.trim() ?? ""] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== ""));
}

export function addressOf(wanted: Wanted): string {
  const parameters = new URLSearchParams();
  for (const field of FIELDS) {
    const value = wanted[field]?.trim() ?? "";
    if (value !== "") {
      parameters.set(field, value);
    }
  }
  const query = parameters.toString();
  return query === "" ? "/search" : `/search?${query}`;
}

/** An order alone is nothing to look for. */
export function isAsked({ sort: _, ...wanted }: Wanted): boolean {
  return Object.keys(wanted).length > 0;
}

/** The pieces of a text; places are counted in code points. */
export function piecesOf(text: string, highlights: readonly { start: number; end: number }[]): Piece[] {
  const letters = Array.from(text);
  const pieces: Piece[] = [];
  let at = 0;
  const add = (to: number, isFound: boolean) => {
    if (to > at) {
      pieces.push({ text: letters.slice(at, to).join(""), isFound });
      at = to;
    }
  };
  for (const { start, end } of highlights) {
    add(start, false);
    add(end, true);
  }
  add(letters.length, false);
  return pieces;
}

/** The beginning of a day where one is, as the server wants it; days such as 2026-01-31 would begin in UTC. */
export function momentOf(day: string | undefined): string | undefined {
  const [year, month, date] = (day ?? "").split("-").map(Number);
  if (year === undefined || month === undefined || date === undefined) {
    return day;
  }
  const at = new Date(year, month - 1, date).getTime();
  return Number.isNaN(at) ? day : String(at);
}

/** The hits, page by page. */
export const searchQuery = (wanted: Wanted) =>
  infiniteQueryOptions({
    queryKey: ["search", wanted],
    queryFn: ({ pageParam }) => {
      const { before, after, sort, ...others } = wanted;
      const given = { ...others, before: momentOf(before), after: momentOf(after), cursor: pageParam };
      const query = sort === "best" ? { ...given, sort } : given;
      return body(http.GET("/api/v1/search", { params: { query } as never }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    enabled: isAsked(wanted),
    staleTime: 0,
  });
