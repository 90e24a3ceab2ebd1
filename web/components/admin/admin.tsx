"use client";

import { Text } from "@mantine/core";
import { useMe } from "@/state/store";
import { PageShell } from "../page-shell";
import { usePageLink } from "../place";
import classes from "./admin.module.css";
import { Audit } from "./audit";
import { HealthPart } from "./health";
import { adminPath, PARTS, useAdminPlace } from "./place";
import { useAdminTexts } from "./texts";
import { Users } from "./users";

/** Where those look after the server who run it. */
export function AdminPage() {
  const texts = useAdminTexts();
  const me = useMe();
  const link = usePageLink();
  const { part, person } = useAdminPlace();
  if (!me.is_admin) {
    return (
      <PageShell title={texts.title}>
        <Text>{texts.notAdmin}</Text>
      </PageShell>
    );
  }
  return (
    <PageShell title={texts.title}>
      <nav className={classes.parts} aria-label={texts.partsLabel}>
        {PARTS.map((each) => (
          <a key={each} {...link(adminPath(each))} aria-current={each === part ? "page" : undefined}>
            {texts.parts[each]}
          </a>
        ))}
      </nav>
      {part === "users" && <Users />}
      {part === "health" && <HealthPart />}
      {part === "audit" && <Audit key={person} person={person} />}
    </PageShell>
  );
}
