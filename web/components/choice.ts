"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

/** A choice that is shown as soon as somebody makes it, and kept by the server a moment later. */
export function useChoice<Value>(kept: Value, keep: (value: Value) => Promise<void>) {
  const [wanted, setWanted] = useState<{ value: Value }>();
  const { mutate, error, isPending, isSuccess } = useMutation({ mutationFn: keep });
  const choose = (value: Value) => {
    setWanted({ value });
    mutate(value, { onSettled: () => setWanted(undefined) });
  };
  return { shown: wanted === undefined ? kept : wanted.value, choose, error, isPending, isSuccess };
}
