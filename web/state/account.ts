/** One's own account over HTTP: who one is, where one is signed in and told, and one's programs. */

import { queryOptions } from "@tanstack/react-query";
import { type Api, body, http } from "./http";
import { queries } from "./queries";
import { leaveSession, Refused, renameMe } from "./session";

export type Session = Api["Session"];
export type ImportReport = Api["ImportReport"];
export type NotificationSettings = Api["SettingsDocument"];

export const meQuery = queryOptions({ queryKey: ["me"], queryFn: () => body(http.GET("/api/v1/me")) });

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: async () => (await body(http.GET("/api/v1/me/sessions"))).items,
});

export const botsQuery = queryOptions({
  queryKey: ["bots"],
  queryFn: async () => (await body(http.GET("/api/v1/bots"))).items,
});

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: async () => (await body(http.GET("/api/v1/keys"))).items,
});

export const notificationSettingsQuery = queryOptions({
  queryKey: ["notification-settings"],
  queryFn: () => body(http.GET("/api/v1/me/notification-settings")),
});

export const webhookQuery = queryOptions({
  queryKey: ["webhook"],
  queryFn: async () => {
    try {
      return await body(http.GET("/api/v1/me/webhook"));
    } catch (error) {
      if (error instanceof Refused && error.status === 404) {
        return null;
      }
      throw error;
    }
  },
});

export async function changeMe(change: { name?: string; invisible?: boolean }): Promise<void> {
  const me = await body(http.PATCH("/api/v1/me", { body: change }));
  queries.setQueryData(meQuery.queryKey, me);
  renameMe(me.name);
}

/** All log-ins end, this one too. */
export async function changePassword(current_password: string, password: string): Promise<void> {
  await body(http.PATCH("/api/v1/me", { body: { current_password, password } }));
  leaveSession();
}

/** All that is kept of oneself, as a zip. */
export async function exportedAccount(): Promise<Blob> {
  // The answer is a file, whatever type its text has.
  const archive = await body(http.GET("/api/v1/me/export", { parseAs: "blob" }));
  return archive as unknown as Blob;
}

/** Brings what an export holds, of this server or another; says what came and what did not. */
export async function importAccount(archive: File): Promise<ImportReport> {
  const form = new FormData();
  form.append("file", archive);
  // The description says what a form has; a form is not JSON.
  const report = await body(http.POST("/api/v1/me/import", { body: { file: "" }, bodySerializer: () => form }));
  await queries.invalidateQueries();
  return report;
}

export async function deleteAccount(): Promise<void> {
  const me = await body(http.GET("/api/v1/me"));
  await body(http.DELETE("/api/v1/me"));
  leaveSession();
  // Drafts, files and what was not sent are kept under the person's id.
  for (const key of Object.keys(localStorage).filter((each) => each.includes(`:${me.id}:`))) {
    localStorage.removeItem(key);
  }
}

export async function endSession(session: Session): Promise<void> {
  await body(http.DELETE("/api/v1/me/sessions/{session}", { params: { path: { session: session.id } } }));
  await queries.invalidateQueries({ queryKey: sessionsQuery.queryKey });
}

export async function endOtherSessions(): Promise<void> {
  await body(http.DELETE("/api/v1/me/sessions"));
  await queries.invalidateQueries({ queryKey: sessionsQuery.queryKey });
}

/** Makes a bot; its token is in the answer and never again. */
export async function makeBot(name: string): Promise<{ name: string; secret: string }> {
  const made = await body(http.POST("/api/v1/bots", { body: { name } }));
  await queries.invalidateQueries({ queryKey: botsQuery.queryKey });
  return { name: made.bot.name, secret: made.token };
}

export async function deleteBot(bot: string): Promise<void> {
  await body(http.DELETE("/api/v1/bots/{bot}", { params: { path: { bot } } }));
  await queries.invalidateQueries({ queryKey: botsQuery.queryKey });
}

/** Makes a key; it is in the answer and never again. */
export async function makeKey(name: string, days: number | undefined): Promise<{ name: string; secret: string }> {
  const ends = days === undefined ? {} : { expires_in_days: days };
  const made = await body(http.POST("/api/v1/keys", { body: { name, ...ends } }));
  await queries.invalidateQueries({ queryKey: keysQuery.queryKey });
  return { name: made.key.name, secret: made.secret };
}

export async function revokeKey(key: string): Promise<void> {
  await body(http.DELETE("/api/v1/keys/{key}", { params: { path: { key } } }));
  await queries.invalidateQueries({ queryKey: keysQuery.queryKey });
}

export async function setNotificationSettings(wanted: NotificationSettings): Promise<void> {
  await body(http.PUT("/api/v1/me/notification-settings", { body: wanted }));
  await queries.invalidateQueries({ queryKey: notificationSettingsQuery.queryKey });
}

/** Sets the webhook; what its calls are signed with is in the answer and never again. */
export async function setWebhook(url: string): Promise<{ name: string; secret: string }> {
  const { secret, webhook } = await body(http.PUT("/api/v1/me/webhook", { body: { url } }));
  queries.setQueryData(webhookQuery.queryKey, webhook);
  return { name: webhook.url, secret };
}

export async function removeWebhook(): Promise<void> {
  await body(http.DELETE("/api/v1/me/webhook"));
  queries.setQueryData(webhookQuery.queryKey, null);
}
