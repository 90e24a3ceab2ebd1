"use client";

import { Badge, Group, Loader, Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type Health, healthQuery } from "@/state/admin";
import { useMoment } from "@/state/language";
import { useStore } from "@/state/store";
import { Problem } from "../problem";
import classes from "./admin.module.css";
import { useAdminTexts } from "./texts";

/** How the node that answers is, how much there is on all of them, and what waits. */
export function HealthPart() {
  const texts = useAdminTexts();
  const { data: health, error, isPending } = useQuery(healthQuery);
  return (
    <>
      {isPending && <Loader size="sm" aria-label={texts.parts.health} role="status" />}
      <Problem error={error} />
      {health !== undefined && <Facts health={health} />}
    </>
  );
}

function Facts({ health }: { health: Health }) {
  const texts = useAdminTexts();
  const moment = useMoment();
  const count = useCount();
  const { readiness, node, database, counts, backlog } = health;
  return (
    <Stack gap="lg">
      <Group>
        <Badge size="lg" tt="none" color={readiness.ready ? "teal.9" : "red.9"} role="status">
          {readiness.ready ? texts.ready : texts.notReady}
        </Badge>
      </Group>
      <List title={texts.checks}>
        {Object.entries(readiness.checks).map(([name, { ok, reason }]) => (
          <Fact key={name} name={texts.checkNames[name] ?? name} isBad={!ok}>
            {ok ? texts.fine : texts.failed(reason)}
          </Fact>
        ))}
      </List>
      <List title={texts.backlog}>
        <Fact name={texts.repliesWaiting}>{count(backlog.replies_waiting)}</Fact>
        {backlog.waiting_since !== null && <Fact name={texts.waitingSince}>{moment(backlog.waiting_since)}</Fact>}
        <Fact name={texts.repliesRunning}>{count(backlog.replies_running)}</Fact>
        <Fact name={texts.callsDue}>{count(backlog.calls_due)}</Fact>
        <Fact name={texts.filesToDelete}>{count(backlog.files_to_delete)}</Fact>
      </List>
      <List title={texts.counts}>
        <Fact name={texts.accounts}>{count(counts.accounts)}</Fact>
        <Fact name={texts.ofThemDisabled}>{count(counts.disabled_accounts)}</Fact>
        <Fact name={texts.botsCount}>{count(counts.bots)}</Fact>
        <Fact name={texts.twinsCount}>{count(counts.twins)}</Fact>
        <Fact name={texts.documents}>{count(counts.documents)}</Fact>
        <Fact name={texts.conversations}>{count(counts.conversations)}</Fact>
        <Fact name={texts.entries}>{count(counts.entries)}</Fact>
        <Fact name={texts.auditRows}>{count(counts.audit_rows)}</Fact>
      </List>
      <List title={texts.node}>
        <Fact name={texts.version}>{node.version}</Fact>
        <Fact name={texts.nodeId}>{node.id}</Fact>
        <Fact name={texts.started}>{moment(node.started_at)}</Fact>
        <Fact name={texts.clock}>{moment(node.now)}</Fact>
        <Fact name={texts.connections}>{count(node.connections)}</Fact>
        <Fact name={texts.model}>{`${node.model} (${node.forward})`}</Fact>
        <Fact name={texts.embeddingModel}>{node.embedding_model}</Fact>
        <Fact name={texts.database}>{database.about}</Fact>
        <Fact name={texts.schema} isBad={database.pending.length > 0}>
          {database.pending.length > 0 ? texts.pending(database.pending.join(", ")) : database.schema}
        </Fact>
        <Fact name={texts.bus}>{health.bus}</Fact>
      </List>
    </Stack>
  );
}

function List({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <Title order={2} size="h5" mb={6}>
        {title}
      </Title>
      <dl className={classes.facts}>{children}</dl>
    </section>
  );
}

function Fact({ name, isBad, children }: { name: string; isBad?: boolean; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd data-bad={isBad || undefined}>{children}</dd>
    </>
  );
}

function useCount(): (count: number) => string {
  const language = useStore((state) => state.language);
  const format = new Intl.NumberFormat(language);
  return (count) => format.format(count);
}
