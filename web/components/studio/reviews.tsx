"use client";

import { Anchor, Badge, Button, Card, Group, Loader, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useClock } from "@/state/language";
import { conversationsQuery, type Twin } from "@/state/queries";
import { feedbackOfQuery, type Report, reportsOfQuery, resolve, type TwinFeedback } from "@/state/studio";
import { More } from "../more";
import { usePageLink } from "../place";
import { Problem } from "../problem";
import classes from "./studio.module.css";
import { useStudioTexts } from "./texts";

/** What people say of a twin: reports, which its owner decides about, and feedback. */
export function Reviews({ twin }: { twin: Twin }) {
  return (
    <div className={classes.part}>
      <Stack maw={860} gap="xl">
        <Reports twin={twin} />
        <Feedback twin={twin} />
      </Stack>
    </div>
  );
}

function Reports({ twin }: { twin: Twin }) {
  const texts = useStudioTexts();
  const [state, setState] = useState<"open" | "resolved">("open");
  const list = useInfiniteQuery(reportsOfQuery(twin.id, state));
  const reports = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={2} size="h5">
          {texts.reports}
        </Title>
        <SegmentedControl
          size="xs"
          aria-label={texts.whichReports}
          value={state}
          onChange={(value) => setState(value as typeof state)}
          data={[
            { value: "open", label: texts.reportsOpen },
            { value: "resolved", label: texts.reportsResolved },
          ]}
        />
      </Group>
      {list.isPending && <Loader aria-label={texts.loading} />}
      <Problem error={list.error} />
      {list.data !== undefined && reports.length === 0 && (
        <Text c="dimmed">{state === "open" ? texts.noReports : texts.noResolved}</Text>
      )}
      {reports.map((report) => (
        <ReportCard key={report.id} report={report} />
      ))}
      <More label={texts.more} list={list} />
    </Stack>
  );
}

function ReportCard({ report }: { report: Report }) {
  const texts = useStudioTexts();
  const clock = useClock();
  const { message, resolved } = report;
  const deciding = useMutation({ mutationFn: (resolution: "dismissed" | "acted") => resolve(report, resolution) });
  return (
    <Card withBorder padding="sm" component="article" aria-label={texts.reportOf(texts.reasons[report.reason])}>
      <Group gap="xs">
        <Badge tt="none">{texts.reasons[report.reason]}</Badge>
        <Text c="dimmed" size="xs">
          {clock.short(report.created_at)}
        </Text>
        <ConversationLink id={report.conversation_id} />
      </Group>
      <blockquote className={classes.quoted}>
        {message.deleted_at === null ? message.text : <em>{texts.messageGone}</em>}
      </blockquote>
      {report.note !== null && <Text size="sm">{texts.note(report.note)}</Text>}
      <Problem error={deciding.error} />
      {resolved === null ? (
        <Group gap="xs" mt="xs">
          <Button size="xs" variant="light" loading={deciding.isPending} onClick={() => deciding.mutate("acted")}>
            {texts.acted}
          </Button>
          <Button size="xs" variant="default" loading={deciding.isPending} onClick={() => deciding.mutate("dismissed")}>
            {texts.dismissed}
          </Button>
        </Group>
      ) : (
        <Text c="dimmed" size="sm">
          {texts.resolutions[resolved.resolution]} · {clock.short(resolved.at)}
        </Text>
      )}
    </Card>
  );
}

function Feedback({ twin }: { twin: Twin }) {
  const texts = useStudioTexts();
  const list = useInfiniteQuery(feedbackOfQuery(twin.id));
  const given = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="xs">
      <Title order={2} size="h5">
        {texts.feedback}
      </Title>
      {list.isPending && <Loader aria-label={texts.loading} />}
      <Problem error={list.error} />
      {list.data !== undefined && given.length === 0 && <Text c="dimmed">{texts.noFeedback}</Text>}
      <ul className={classes.rows}>
        {given.map((feedback) => (
          <FeedbackRow key={feedback.id} feedback={feedback} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {texts.more}
        </Button>
      )}
    </Stack>
  );
}

function FeedbackRow({ feedback }: { feedback: TwinFeedback }) {
  const texts = useStudioTexts();
  const clock = useClock();
  return (
    <li>
      <div className={classes.words}>
        <Text>{texts.rated(feedback.user_name, feedback.rating)}</Text>
        {feedback.reason !== null && <Text size="sm">“{feedback.reason}”</Text>}
        <Text c="dimmed" size="xs">
          {clock.short(feedback.created_at)} <ConversationLink id={feedback.conversation_id} />
        </Text>
      </div>
    </li>
  );
}

/** The way to a conversation that one takes part in; of others one knows nothing more. */
function ConversationLink({ id }: { id: string }) {
  const texts = useStudioTexts();
  const link = usePageLink();
  const { data: conversations } = useQuery(conversationsQuery);
  return (
    conversations?.some((conversation) => conversation.id === id) === true && (
      <Anchor {...link(`/chat?id=${id}`)} size="xs">
        {texts.toConversation}
      </Anchor>
    )
  );
}
