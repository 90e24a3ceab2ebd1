"use client";

import { Alert } from "@mantine/core";
import { useProblemText } from "@/state/language";
import { problemOf } from "@/state/session";

/** What went wrong, beside what a person wanted; nothing where nothing did. */
export function Problem({ error }: { error: unknown }) {
  const textOf = useProblemText();
  return error === null || error === undefined ? null : (
    <Alert color="red" role="alert">
      {textOf(problemOf(error))}
    </Alert>
  );
}
