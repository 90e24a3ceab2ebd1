"use client";

import { Alert } from "@mantine/core";
import { useEffect } from "react";
import { useProblemText, useTexts } from "@/state/language";
import { useStore } from "@/state/store";

/** How long a notice stays when nobody closes it. */
const NOTICE_MS = 8_000;

const close = () => useStore.setState({ notice: undefined });

/** The newest thing that went wrong. */
export function Notice() {
  const texts = useTexts();
  const textOf = useProblemText();
  const notice = useStore((state) => state.notice);
  useEffect(() => {
    if (notice === undefined) {
      return;
    }
    const timer = setTimeout(close, NOTICE_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  if (notice === undefined) {
    return null;
  }
  return (
    <Alert color="red" radius={0} role="alert" withCloseButton closeButtonLabel={texts.close} onClose={close}>
      {textOf(notice)}
    </Alert>
  );
}
