"use client";

import { type MantineColorScheme, SegmentedControl, Text, useMantineColorScheme } from "@mantine/core";
import { LANGUAGES, type Language } from "@/i18n";
import { chooseLanguage, useTexts } from "@/state/language";
import { useStore } from "@/state/store";

/** How the client speaks and looks. */
export function Preferences() {
  const texts = useTexts();
  return (
    <>
      <div>
        <Text size="sm" mb={4}>
          {texts.language}
        </Text>
        <LanguageChoice />
      </div>
      <div>
        <Text size="sm" mb={4}>
          {texts.theme}
        </Text>
        <ThemeChoice />
      </div>
    </>
  );
}

export function LanguageChoice() {
  const texts = useTexts();
  const language = useStore((state) => state.language);
  return (
    <SegmentedControl
      aria-label={texts.language}
      size="xs"
      fullWidth
      value={language}
      onChange={(value) => chooseLanguage(value as Language)}
      data={LANGUAGES.map((known) => ({ value: known.language, label: known.name }))}
    />
  );
}

function ThemeChoice() {
  const texts = useTexts();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SegmentedControl
      aria-label={texts.theme}
      size="xs"
      fullWidth
      value={colorScheme}
      onChange={(value) => setColorScheme(value as MantineColorScheme)}
      data={[
        { value: "auto", label: texts.themeAuto },
        { value: "light", label: texts.themeLight },
        { value: "dark", label: texts.themeDark },
      ]}
    />
  );
}
