/** What administrators see and do, over HTTP: accounts, how the server is, and what happened. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { type Api, body, http } from "./http";
import { queries } from "./queries";

export type User = Api["AdminUser"];
export type Health = Api["AdminHealth"];
export type AuditEntry = Api["AuditEntry"];
export type AuditAction = Api["AuditAction"];

/** How often the server is asked how it is. */
const HEALTH_INTERVAL_MS = 10_000;

/** Accounts with this in their name or address, those made last first. */
export const usersQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["admin", "users", q],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: before }) => {
      const query = before === undefined ? { q } : { q, before };
      return body(http.GET("/api/v1/admin/users", { params: { query } }));
    },
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const healthQuery = queryOptions({
  queryKey: ["admin", "health"],
  queryFn: () => body(http.GET("/api/v1/admin/health")),
  refetchInterval: HEALTH_INTERVAL_MS,
});

/** Which rows of the audit log are wanted; all where nothing is said. */
export interface AuditFilter {
  action?: AuditAction;
  person?: string;
}

/** What happened, newest first. */
export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["admin", "audit", filter],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam: before }) => {
      const query = before === undefined ? filter : { ...filter, before };
      return body(http.GET("/api/v1/admin/audit", { params: { query } }));
    },
    getNextPageParam: (page) => (page.next === null ? undefined : Number(page.next)),
  });

export async function setDisabled(user: User, disabled: boolean): Promise<void> {
  const params = { path: { user: user.id } };
  await body(http.PATCH("/api/v1/admin/users/{user}", { params, body: { disabled } }));
  await queries.invalidateQueries({ queryKey: ["admin"] });
}

export async function endSessionsOf(user: User): Promise<void> {
  await body(http.DELETE("/api/v1/admin/users/{user}/sessions", { params: { path: { user: user.id } } }));
  await queries.invalidateQueries({ queryKey: ["admin"] });
}

/** The whole log, a JSON object a line. */
export async function exportedAudit(): Promise<Blob> {
  // The answer is a file, whatever type its text has.
  const lines = await body(http.GET("/api/v1/admin/audit/export", { parseAs: "blob" }));
  await queries.invalidateQueries({ queryKey: ["admin", "audit"] });
  return lines as unknown as Blob;
}
