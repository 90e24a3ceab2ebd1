"use client";

import { useSearchParams } from "next/navigation";

/** The parts of the studio of a twin. */
export const PARTS = ["persona", "documents", "memory", "sharing", "conversations", "reviews"] as const;

export type Part = (typeof PARTS)[number];

/** Which twin and which part the address names. */
export function useStudioPlace(): { twin: string | null; part: Part } {
  const named = useSearchParams();
  const part = PARTS.find((known) => known === named.get("part"));
  return { twin: named.get("twin"), part: part ?? "persona" };
}

/** The address of a part of the studio. */
export function studioPath(twin: string | null, part: Part = "persona"): string {
  return twin === null ? "/studio" : `/studio?twin=${encodeURIComponent(twin)}&part=${part}`;
}
