"use client";

import { Suspense } from "react";
import { Gate } from "@/components/gate";
import { Studio } from "@/components/studio/studio";

export default function Page() {
  return (
    <Gate>
      <Suspense>
        <Studio />
      </Suspense>
    </Gate>
  );
}
