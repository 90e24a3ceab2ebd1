"use client";

import { Suspense } from "react";
import { Gate } from "@/components/gate";
import { SettingsPage } from "@/components/settings/settings";

export default function Page() {
  return (
    <Gate>
      <Suspense>
        <SettingsPage />
      </Suspense>
    </Gate>
  );
}
