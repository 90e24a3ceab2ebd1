"use client";

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { acquaintancesOf, eachOnce, type Person } from "@/state/people";
import { conversationsQuery } from "@/state/queries";
import { useMe } from "@/state/store";

const NOBODY: readonly Person[] = [];

/** People whom one can name: those of one's conversations, and these. */
export function useAcquaintances(others: readonly Person[] = NOBODY): Person[] {
  const me = useMe();
  const { data: conversations } = useQuery(conversationsQuery);
  return useMemo(
    () => eachOnce([...others.filter(({ id }) => id !== me.id), ...acquaintancesOf(conversations ?? [], me.id)]),
    [conversations, others, me.id],
  );
}
