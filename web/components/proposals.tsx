"use client";

import { Badge, Button, Card, Group, Stack, Text, Textarea, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useClock } from "@/state/language";
import { approve, dismiss, proposalsQuery, questionQuery } from "@/state/proposals";
import type { Message } from "@/state/store";
import { Markdown } from "./markdown";
import { Problem } from "./problem";
import { Sources } from "./sources";
import classes from "./studio/studio.module.css";
import { useStudioTexts } from "./studio/texts";

/** Characters that a reply may have which its owner changes: what the server takes. */
const CHANGED_CHARS_MAX = 4_096;

interface ProposalsProps {
  twin: string;
  /** Those of this conversation only. */
  conversation?: string;
}

/** Replies that wait for the word of the twin's owner: how many, and what becomes of each. */
export function Proposals({ twin, conversation }: ProposalsProps) {
  const texts = useStudioTexts();
  const { data } = useQuery(proposalsQuery(twin));
  const heading = useRef<HTMLHeadingElement>(null);
  const waiting = data?.filter((each) => conversation === undefined || each.conversation_id === conversation) ?? [];
  return (
    <>
      <span className="only-read-out" role="status">
        {waiting.length > 0 && texts.proposals(waiting.length)}
      </span>
      {waiting.length > 0 && (
        <Stack gap="xs" className={classes.proposals}>
          <Title order={2} size="h6" ref={heading} tabIndex={-1}>
            {texts.proposalsTitle} <Badge size="sm">{waiting.length}</Badge>
          </Title>
          {waiting.map((proposal) => (
            <ProposalCard key={proposal.message_id} proposal={proposal} onDone={() => heading.current?.focus()} />
          ))}
        </Stack>
      )}
    </>
  );
}

function ProposalCard({ proposal, onDone }: { proposal: Message; onDone: () => void }) {
  const texts = useStudioTexts();
  const clock = useClock();
  const [changed, setChanged] = useState<string>();
  const { data: question } = useQuery(questionQuery(proposal));
  const deciding = useMutation({
    mutationFn: (decide: () => Promise<void>) => decide(),
    onSuccess: onDone,
  });
  const isEmpty = changed !== undefined && changed.trim() === "";
  return (
    <Card withBorder padding="sm" component="article" aria-label={texts.proposalOf(proposal.author.name)}>
      <Text c="dimmed" size="xs">
        {proposal.author.name} · {clock.short(proposal.created_at)}
        {question != null && ` · ${texts.answersTo(question.author.name, question.text.slice(0, 120))}`}
      </Text>
      {changed === undefined ? (
        <Markdown text={proposal.text} />
      ) : (
        <Textarea
          aria-label={texts.changedText}
          autosize
          minRows={2}
          maxRows={8}
          my="xs"
          maxLength={CHANGED_CHARS_MAX}
          data-autofocus
          autoFocus
          value={changed}
          onChange={(event) => setChanged(event.currentTarget.value)}
        />
      )}
      {proposal.failure !== undefined && <Text size="xs">{texts.proposalFailed(proposal.failure.message)}</Text>}
      <Sources message={proposal} ownTwin={proposal.author.id} />
      <Problem error={deciding.error} />
      <Group gap="xs" mt="xs">
        {changed === undefined ? (
          <>
            <Button size="xs" loading={deciding.isPending} onClick={() => deciding.mutate(() => approve(proposal))}>
              {texts.approve}
            </Button>
            <Button size="xs" variant="light" onClick={() => setChanged(proposal.text)}>
              {texts.change}
            </Button>
            <Button size="xs" variant="default" onClick={() => deciding.mutate(() => dismiss(proposal))}>
              {texts.dismiss}
            </Button>
          </>
        ) : (
          <>
            <Button
              size="xs"
              loading={deciding.isPending}
              disabled={isEmpty}
              onClick={() => deciding.mutate(() => approve(proposal, changed))}
            >
              {texts.sendChanged}
            </Button>
            <Button size="xs" variant="default" onClick={() => setChanged(undefined)}>
              {texts.asItWas}
            </Button>
          </>
        )}
      </Group>
    </Card>
  );
}
