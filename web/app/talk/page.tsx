"use client";

import { Suspense } from "react";
import { Gate } from "@/components/gate";
import { TalkLink } from "@/components/talk-link";

export default function Page() {
  return (
    <Gate>
      <Suspense>
        <TalkLink />
      </Suspense>
    </Gate>
  );
}
