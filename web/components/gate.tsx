"use client";

import { Center, Loader } from "@mantine/core";
import dynamic from "next/dynamic";
import type { ReactNode } from "react";
import { useTexts } from "@/state/language";
import { useStore } from "@/state/store";

const Welcome = dynamic(() => import("./welcome").then((module) => module.Welcome));

/** Lets whoever is signed in through, and asks everybody else who they are. */
export function Gate({ children }: { children: ReactNode }) {
  const session = useStore((state) => state.session.name);
  const texts = useTexts();
  if (session === "signed_in") {
    return children;
  }
  if (session === "signed_out") {
    return <Welcome />;
  }
  return (
    <Center component="main" h="100dvh">
      <Loader aria-label={texts.loading} role="status" />
    </Center>
  );
}
