"use client";

import { adminTextsOf } from "@/i18n/admin";
import type { AdminTexts } from "@/i18n/admin.en";
import { useStore } from "@/state/store";

/** The texts that only administrators see. */
export function useAdminTexts(): AdminTexts {
  return adminTextsOf(useStore((state) => state.language));
}
