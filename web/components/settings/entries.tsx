"use client";

import { Loader, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTexts } from "@/state/language";
import { Problem } from "../problem";
import classes from "./settings.module.css";

interface EntriesProps<Item> {
  label: string;
  items: readonly Item[] | undefined;
  error: unknown;
  /** What is said when there are none. */
  none?: string;
  children: (item: Item) => ReactNode;
}

/** A list of the settings: while it is read, when it cannot be, and when it is empty. */
export function Entries<Item>({ label, items, error, none, children }: EntriesProps<Item>) {
  const texts = useTexts();
  if (items === undefined) {
    return error === null ? <Loader size="sm" aria-label={texts.loading} role="status" /> : <Problem error={error} />;
  }
  if (items.length === 0) {
    return (
      <Text c="dimmed" size="sm">
        {none}
      </Text>
    );
  }
  return (
    <ul className={classes.list} aria-label={label}>
      {items.map(children)}
    </ul>
  );
}

interface EntryProps {
  title: ReactNode;
  /** When it was made or used, and the like. */
  details?: ReactNode;
  error?: unknown;
  /** What can be done with it. */
  children?: ReactNode;
}

export function Entry({ title, details, error, children }: EntryProps) {
  return (
    <li className={classes.entry}>
      <div className={classes.words}>
        <Text>{title}</Text>
        <Text c="dimmed" size="xs">
          {details}
        </Text>
      </div>
      {children}
      <Problem error={error} />
    </li>
  );
}
