"use client";

import { Anchor, Button, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { type AuditAction, type AuditEntry, auditQuery, exportedAudit } from "@/state/admin";
import { useMoment } from "@/state/language";
import { download } from "../download";
import { More } from "../more";
import { usePageLink } from "../place";
import { Problem } from "../problem";
import { Entries, Entry } from "../settings/entries";
import { adminPath } from "./place";
import { useAdminTexts } from "./texts";

/** What happened to accounts, and all of it as a file. */
export function Audit({ person }: { person: string | undefined }) {
  const texts = useAdminTexts();
  const link = usePageLink();
  const [action, setAction] = useState<AuditAction>();
  const filter = { ...(action && { action }), ...(person && { person }) };
  const list = useInfiniteQuery(auditQuery(filter));
  const rows = list.data?.pages.flatMap((page) => page.items);
  const exporting = useMutation({ mutationFn: exportedAudit, onSuccess: (lines) => download(lines, "audit.ndjson") });
  const names = Object.entries(texts.actions).map(([value, label]) => ({ value, label }));
  return (
    <Stack>
      <Text c="dimmed" size="sm">
        {texts.auditHint}
      </Text>
      {person !== undefined && (
        <Text size="sm">
          {texts.onlyAbout(emailOf(person, rows) ?? texts.oneAccount)}{" "}
          <Anchor underline="always" {...link(adminPath("audit"))}>
            {texts.aboutAll}
          </Anchor>
        </Text>
      )}
      <Group align="flex-end" justify="space-between">
        <NativeSelect
          label={texts.action}
          data={[{ value: "", label: texts.everything }, ...names]}
          value={action ?? ""}
          onChange={(event) => setAction((event.currentTarget.value as AuditAction) || undefined)}
        />
        <Button
          variant="default"
          title={texts.exportTitle}
          loading={exporting.isPending}
          onClick={() => exporting.mutate()}
        >
          {texts.export}
        </Button>
      </Group>
      <Problem error={exporting.error} />
      <Entries label={texts.rows} items={rows} error={list.error} none={texts.noRows}>
        {(row) => <Row key={row.number} row={row} />}
      </Entries>
      <More label={texts.more} list={list} />
    </Stack>
  );
}

function Row({ row }: { row: AuditEntry }) {
  const texts = useAdminTexts();
  const moment = useMoment();
  const isByCommandLine = row.action === "admin_granted" || row.action === "admin_revoked";
  const nobody = isByCommandLine ? texts.commandLine : texts.notSignedIn;
  const actor = row.actor_id === null ? nobody : (row.actor_email ?? texts.goneAccount(row.actor_id));
  const isOnOneself = row.subject_id === row.actor_id;
  const subject =
    row.subject_email === null ? row.subject_id && texts.withId(row.subject_id) : texts.to(row.subject_email);
  const details = [
    moment(row.at),
    texts.by(actor),
    !isOnOneself && subject,
    row.address !== null && texts.from(row.address),
  ];
  return (
    <Entry
      title={
        <>
          <Text span c="dimmed" size="sm">
            {row.number}
          </Text>{" "}
          {texts.actions[row.action]}
        </>
      }
      details={details.filter(Boolean).join(" · ")}
    />
  );
}

/** Who the account is of, if a row says it. */
function emailOf(person: string, rows: readonly AuditEntry[] | undefined): string | undefined {
  const acted = rows?.find((row) => row.actor_id === person && row.actor_email !== null);
  const actedOn = rows?.find((row) => row.subject_id === person && row.subject_email !== null);
  return acted?.actor_email ?? actedOn?.subject_email ?? undefined;
}
