"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { Gate } from "@/components/gate";

/** Whoever is signed in goes on to the conversations; the gate asks everybody else who they are. */
export default function Page() {
  return (
    <Gate>
      <ToConversations />
    </Gate>
  );
}

function ToConversations() {
  const router = useRouter();
  useEffect(() => router.replace("/chat"), [router]);
  return null;
}
