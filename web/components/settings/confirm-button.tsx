"use client";

import { Button, Popover } from "@mantine/core";
import { useState } from "react";
import { usePageTexts } from "@/i18n/pages";

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
  const [isOpen, setOpen] = useState(false);
  const confirm = () => {
    setOpen(false);
    onConfirm();
  };
  return (
    <Popover opened={isOpen} onChange={setOpen} trapFocus position="top-end">
      <Popover.Target>
        <Button
          size="compact-sm"
          variant="default"
          aria-label={label}
          loading={isPending}
          onClick={() => setOpen(!isOpen)}
        >
          {children}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={6}>
        <Button color="red.9" size="compact-sm" onClick={confirm}>
          {texts.confirm(what)}
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}
