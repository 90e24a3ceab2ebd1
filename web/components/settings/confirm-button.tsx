"use client";

import { Button } from "@mantine/core";
import { usePageTexts } from "@/i18n/pages";
import { Pop } from "../pop";

interface ConfirmButtonProps {
  /** What the button says. */
  children: string;
  /** Which thing it is about, for those who listen. */
  label: string;
  /** What the second button says that it does. */
  what: string;
  isPending: boolean;
  onConfirm: () => void;
}

/** For what cannot be taken back: two clicks. */
export function ConfirmButton({ children, label, what, isPending, onConfirm }: ConfirmButtonProps) {
  const texts = usePageTexts().settings;
  return (
    <Pop
      label={label}
      button={(opens) => (
        <Button {...opens} size="compact-sm" variant="default" aria-label={label} loading={isPending}>
          {children}
        </Button>
      )}
    >
      {(close) => (
        <Button
          color="red.9"
          size="compact-sm"
          onClick={() => {
            close();
            onConfirm();
          }}
        >
          {texts.confirm(what)}
        </Button>
      )}
    </Pop>
  );
}
