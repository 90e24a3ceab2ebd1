"use client";

import { ActionIcon, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useTexts } from "@/state/language";
import { ConnectionBanner } from "./connection-banner";
import { Icon } from "./icons";
import { Notice } from "./notice";
import classes from "./page-shell.module.css";
import { usePageLink } from "./place";

/** A page beside the conversations: its title, and the way back. */
export function PageShell({ title, children }: { title: string; children: ReactNode }) {
  const texts = useTexts();
  const link = usePageLink();
  return (
    <div className={classes.page}>
      <ConnectionBanner />
      <Notice />
      <header className={classes.header}>
        <ActionIcon component="a" {...link("/chat")} variant="subtle" aria-label={texts.back} title={texts.back}>
          <Icon name="back" />
        </ActionIcon>
        <Title order={1} size="h4">
          {title}
        </Title>
      </header>
      <main className={classes.main}>
        <div className={classes.content}>{children}</div>
      </main>
    </div>
  );
}
