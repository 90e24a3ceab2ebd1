/** The texts of the search and of the settings, apart from those of the chat page, which is loaded more often. */

import { useStore } from "@/state/store";
import { type PageTexts, pagesEn } from "./pages.en";
import { pagesZhCN } from "./pages.zh-CN";

export const PAGE_TEXTS = { en: pagesEn, "zh-CN": pagesZhCN };

export function usePageTexts(): PageTexts {
  return PAGE_TEXTS[useStore((state) => state.language)];
}
