/** Who wrote which part of a text, as places in the text. Pure. */

import type { Schemas } from "@/connection/index";

export interface Part {
  by: Schemas["Span"]["by"];
  /** Where it begins and ends, in UTF-16 units, as JavaScript counts. */
  start: number;
  end: number;
}

/** The parts of a text; the protocol counts them in code points. */
export function partsOf(text: string, spans: readonly Schemas["Span"][]): Part[] {
  const points = Array.from(text);
  let point = 0;
  let start = 0;
  return spans.map(({ by, chars }) => {
    const part = points.slice(point, point + chars).join("");
    point += chars;
    const end = start + part.length;
    const found = { by, start, end };
    start = end;
    return found;
  });
}

/** A part as far as it lies between two places, for each that does. */
export function partsBetween(parts: readonly Part[], start: number, end: number): Part[] {
  return parts
    .map((part) => ({ by: part.by, start: Math.max(part.start, start), end: Math.min(part.end, end) }))
    .filter((part) => part.start < part.end);
}
