/** The languages of the client. Dates and numbers are written by the browser's `Intl`. */

import { en, type Texts } from "./en";
import { zhCN } from "./zh-CN";

export type { Texts } from "./en";

export type Language = "en" | "zh-CN";

export const LANGUAGES: readonly { language: Language; name: string; texts: Texts }[] = [
  { language: "en", name: "English", texts: en },
  { language: "zh-CN", name: "简体中文", texts: zhCN },
];

export function textsOf(language: Language): Texts {
  return language === "zh-CN" ? zhCN : en;
}

/** The language for who prefers these, the best first. */
export function languageFor(preferred: readonly string[]): Language {
  const known = preferred.find((tag) => /^(zh|en)\b/i.test(tag));
  return known !== undefined && /^zh\b/i.test(known) ? "zh-CN" : "en";
}
