/** The texts of the studio, apart from the others: only owners of twins load them. */

import type { Language } from "./index";
import { type StudioTexts, studioEn } from "./studio.en";
import { studioZhCN } from "./studio.zh-CN";

export function studioTextsOf(language: Language): StudioTexts {
  return language === "zh-CN" ? studioZhCN : studioEn;
}
