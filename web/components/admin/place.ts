"use client";

import { useSearchParams } from "next/navigation";

/** The parts of the administration. */
export const PARTS = ["users", "health", "audit"] as const;

export type Part = (typeof PARTS)[number];

/** Which part the address names, and whose account the audit log is to be about. */
export function useAdminPlace(): { part: Part; person: string | undefined } {
  const named = useSearchParams();
  const part = PARTS.find((known) => known === named.get("part"));
  return { part: part ?? "users", person: named.get("person") ?? undefined };
}

/** The address of a part. */
export function adminPath(part: Part, person?: string): string {
  const about = person === undefined ? "" : `&person=${encodeURIComponent(person)}`;
  return `/admin?part=${part}${about}`;
}
