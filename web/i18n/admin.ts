/** The texts of the administration, apart from the others: only administrators load them. */

import { type AdminTexts, adminEn } from "./admin.en";
import { adminZhCN } from "./admin.zh-CN";
import type { Language } from "./index";

export function adminTextsOf(language: Language): AdminTexts {
  return language === "zh-CN" ? adminZhCN : adminEn;
}
