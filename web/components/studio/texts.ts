"use client";

import { studioTextsOf } from "@/i18n/studio";
import type { StudioTexts } from "@/i18n/studio.en";
import { useStore } from "@/state/store";

/** The texts that only owners of twins see. */
export function useStudioTexts(): StudioTexts {
  return studioTextsOf(useStore((state) => state.language));
}
