"use client";

import { createTheme, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { chooseFirstLanguage } from "@/state/language";
import { liveWithSession } from "@/state/live";
import { queries } from "@/state/queries";
import { accessToken, followOtherTabs } from "@/state/session";
import { loadSettings } from "@/state/settings";
import { useStore } from "@/state/store";

const theme = createTheme({
  primaryColor: "indigo",
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    // The lock that Mantine puts on scrolling is a style element, which the policy of the pages forbids; no page scrolls. The
    // components themselves are loaded with the first of them that is opened.
    Modal: { defaultProps: { lockScroll: false } },
    Drawer: { defaultProps: { lockScroll: false } },
  },
});

/** How long to wait before the server is asked again at the start. */
const BOOT_RETRY_MS = 2_000;

/**
 * What every page stands on. Pages are drawn in the browser only: what the build draws has styles in attributes, which the
 * policy forbids, and behind a sign-in there is nothing to draw anyway.
 */
export function Providers({ children }: { children: ReactNode }) {
  const canSpeak = useStore((state) => state.texts !== undefined);
  useEffect(() => {
    chooseFirstLanguage();
    const leaveTabs = followOtherTabs();
    const leaveLive = liveWithSession();
    const leaveBoot = boot();
    return () => {
      leaveBoot();
      leaveLive();
      leaveTabs();
    };
  }, []);
  return (
    <MantineProvider defaultColorScheme="auto" theme={theme} withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queries}>{canSpeak && children}</QueryClientProvider>
    </MantineProvider>
  );
}

/** Asks for the settings and for a token until the server answers; returns what ends that. */
function boot(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = () =>
    loadSettings()
      .then(() => accessToken())
      .catch(() => {
        timer = setTimeout(ask, BOOT_RETRY_MS);
      });
  void ask();
  return () => clearTimeout(timer);
}
