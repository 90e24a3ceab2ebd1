"use client";

import { Button } from "@mantine/core";

interface MoreProps {
  /** What its text says. */
  label: string;
  /** A list that is read page by page. */
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

/** Below a list that has another page: asks for it. */
export function More({ label, list }: MoreProps) {
  if (!list.hasNextPage) {
    return null;
  }
  return (
    <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
      {label}
    </Button>
  );
}
