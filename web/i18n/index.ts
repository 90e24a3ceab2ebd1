/** The languages of the client, of which a page loads the one that it speaks. Dates and numbers are written by the browser's `Intl`. */

import type { Texts } from "./en";

export type { Texts } from "./en";

export type Language = "en" | "zh-CN";

export const LANGUAGES: readonly { language: Language; name: string; load(): Promise<Texts> }[] = [
  { language: "en", name: "English", load: () => import("./en").then(({ en }) => en) },
  { language: "zh-CN", name: "简体中文", load: () => import("./zh-CN").then(({ zhCN }) => zhCN) },
];

/** The language for who prefers these, the best first. */
export function languageFor(preferred: readonly string[]): Language {
  const known = preferred.find((tag) => /^(zh|en)\b/i.test(tag));
  return known !== undefined && /^zh\b/i.test(known) ? "zh-CN" : "en";
}
