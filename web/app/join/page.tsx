"use client";

import { Suspense } from "react";
import { Gate } from "@/components/gate";
import { Invitation } from "@/components/invitation";

export default function Page() {
  return (
    <Gate>
      <Suspense>
        <Invitation />
      </Suspense>
    </Gate>
  );
}
