/** Which language the client speaks, and how it writes times. */

import { useMemo } from "react";
import { LANGUAGES, type Language, languageFor, type Texts } from "@/i18n";
import { UNREACHABLE } from "./session";
import { type Problem, useStore } from "./store";

const LANGUAGE_KEY = "language";

/** How long to wait before a language is asked for again that could not be loaded. */
const RETRY_MS = 2_000;

/** The language that was chosen in this browser, or the one that it prefers. */
export function chooseFirstLanguage(): void {
  const chosen = localStorage.getItem(LANGUAGE_KEY);
  const known = LANGUAGES.find(({ language }) => language === chosen)?.language;
  speak(known ?? languageFor(navigator.languages));
}

export function chooseLanguage(language: Language): void {
  localStorage.setItem(LANGUAGE_KEY, language);
  speak(language);
}

/** The language that was asked for last; another may still be on its way. */
let wanted: Language | undefined;

function speak(language: Language): void {
  wanted = language;
  const load = LANGUAGES.find((known) => known.language === language)?.load;
  load?.().then(
    (texts) => {
      if (wanted === language) {
        document.documentElement.lang = language;
        useStore.setState({ language, texts });
      }
    },
    () => setTimeout(() => wanted === language && speak(language), RETRY_MS),
  );
}

/** Everything that the pages say; no page is drawn before it is there. */
export function useTexts(): Texts {
  const texts = useStore((state) => state.texts);
  if (texts === undefined) {
    throw new Error("no language is loaded");
  }
  return texts;
}

/** Says in the language of the client what went wrong. */
export function useProblemText(): (problem: Problem) => string {
  const texts = useTexts();
  return ({ code, message }) => (code === UNREACHABLE ? texts.serverUnreachable : texts.problem(code, message));
}

/** As limits of the server count, and most systems show it. */
const MEGABYTE = 1_024 * 1_024;

/** Writes how large a file is. */
export function useFileSize(): (bytes: number) => string {
  const language = useStore((state) => state.language);
  return useMemo(() => {
    const unit = (name: string, digits: number) =>
      new Intl.NumberFormat(language, { style: "unit", unit: name, maximumFractionDigits: digits });
    const [kilobytes, megabytes] = [unit("kilobyte", 0), unit("megabyte", 1)];
    return (bytes) =>
      bytes < MEGABYTE ? kilobytes.format(Math.ceil(bytes / 1_024)) : megabytes.format(bytes / MEGABYTE);
  }, [language]);
}

/** Writes a date with its time. */
export function useMoment(): (at: number) => string {
  const language = useStore((state) => state.language);
  return useMemo(() => {
    const format = new Intl.DateTimeFormat(localeOf(language), { dateStyle: "medium", timeStyle: "short" });
    return (at) => format.format(at);
  }, [language]);
}

/** Ways to write times in the language of the client. */
export interface Clock {
  /** 14:03 */
  time(at: number): string;
  /** Thursday, 26 November 2026; or today, or yesterday */
  day(at: number): string;
  /** The time where it was today, the date otherwise. */
  short(at: number): string;
}

export function useClock(): Clock {
  const language = useStore((state) => state.language);
  return useMemo(() => clockOf(language), [language]);
}

function clockOf(language: Language): Clock {
  const locale = localeOf(language);
  const time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(locale, {
    weekday: "long",
    year: "numeric",
    month: "long",
    day: "numeric",
  });
  const date = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  return {
    time: (at) => time.format(at),
    day: (at) => {
      const ago = daysAgo(at);
      return ago === 0 || ago === 1 ? capitalized(relative.format(-ago, "day")) : day.format(at);
    },
    short: (at) => (daysAgo(at) === 0 ? time.format(at) : date.format(at)),
  };
}

/** How times are written differs from country to country. */
function localeOf(language: Language): string {
  const isSpoken = (tag: string) => languageFor([tag]) === language && tag.startsWith(language.slice(0, 2));
  return navigator.languages.find(isSpoken) ?? language;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function daysAgo(at: number): number {
  const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  return Math.round((midnight(Date.now()) - midnight(at)) / 86_400_000);
}
