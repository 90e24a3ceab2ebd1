"use client";

import { Suspense } from "react";
import { AdminPage } from "@/components/admin/admin";
import { Gate } from "@/components/gate";

export default function Page() {
  return (
    <Gate>
      <Suspense>
        <AdminPage />
      </Suspense>
    </Gate>
  );
}
