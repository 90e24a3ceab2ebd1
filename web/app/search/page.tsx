"use client";

import { Suspense } from "react";
import { Gate } from "@/components/gate";
import { SearchPage } from "@/components/search";

export default function Page() {
  return (
    <Gate>
      <Suspense>
        <SearchPage />
      </Suspense>
    </Gate>
  );
}
