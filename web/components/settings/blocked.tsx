"use client";

import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { usePageTexts } from "@/i18n/pages";
import { setBlocked } from "@/state/commands";
import type { Api } from "@/state/http";
import { useTexts } from "@/state/language";
import { blocksQuery } from "@/state/queries";
import { Entries, Entry } from "./entries";

/** Whom one does not wish to hear from. */
export function Blocked() {
  const texts = usePageTexts().settings;
  const { data, error } = useQuery(blocksQuery);
  return (
    <Entries label={texts.blocked} items={data} error={error} none={texts.blockedNone}>
      {(block) => <Row key={block.id} block={block} />}
    </Entries>
  );
}

function Row({ block }: { block: Api["Block"] }) {
  const { unblock, unblockName } = useTexts();
  const texts = usePageTexts().settings;
  const { mutate, isPending, error } = useMutation({ mutationFn: () => setBlocked(block.id, false) });
  return (
    <Entry title={block.name} details={texts.blockedKinds[block.kind]} error={error}>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={unblockName(block.name)}
        loading={isPending}
        onClick={() => mutate()}
      >
        {unblock}
      </Button>
    </Entry>
  );
}
