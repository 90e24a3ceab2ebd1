"use client";

import { Suspense } from "react";
import { Gate } from "@/components/gate";
import { Workspace } from "@/components/workspace";

export default function Page() {
  return (
    <Gate>
      <Suspense>
        <Workspace />
      </Suspense>
    </Gate>
  );
}
