"use client";

import { Badge, Button, Group, Loader, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useClock } from "@/state/language";
import {
  MODES,
  type Mode,
  POLICIES,
  type Policy,
  setMode,
  setPolicy,
  type TwinConversation,
  talksQuery,
  watch,
} from "@/state/oversight";
import { conversationsQuery, type Twin } from "@/state/queries";
import { useMe } from "@/state/store";
import { More } from "../more";
import { titleOf } from "../names";
import { Problem } from "../problem";
import { Proposals } from "../proposals";
import classes from "./studio.module.css";
import { useStudioTexts } from "./texts";

/** Where a twin talks, how far it writes on its own there, and what waits for its owner's word. */
export function Talks({ twin }: { twin: Twin }) {
  const texts = useStudioTexts();
  const list = useInfiniteQuery(talksQuery(twin.id));
  const { data, error, isPending } = list;
  const talks = data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className={classes.part}>
      <Stack maw={860}>
        <Proposals twin={twin.id} />
        <Title order={2} size="h5">
          {texts.talks}
        </Title>
        <Text c="dimmed" size="sm">
          {twin.oversight ? texts.talksHint : texts.talksHintOff}
        </Text>
        {isPending && <Loader aria-label={texts.loading} />}
        <Problem error={error} />
        {data !== undefined && talks.length === 0 && <Text c="dimmed">{texts.noTalks(twin.name)}</Text>}
        <ul className={classes.rows}>
          {talks.map((talk) => (
            <TalkRow key={talk.id} twin={twin} talk={talk} />
          ))}
        </ul>
        <More label={texts.more} list={list} />
      </Stack>
    </div>
  );
}

function TalkRow({ twin, talk }: { twin: Twin; talk: TwinConversation }) {
  const texts = useStudioTexts();
  const clock = useClock();
  const me = useMe();
  const router = useRouter();
  const { data: conversations } = useQuery(conversationsQuery);
  const own = conversations?.find((conversation) => conversation.id === talk.id);
  const name = own === undefined ? texts.talkOf(talk.kind, talk.names, talk.has_more) : titleOf(own, me.id);
  const since = texts.since(clock.day(talk.joined_at), clock.time(talk.joined_at));
  const open = () => router.push(`/chat?id=${talk.id}`);
  const changing = useMutation({ mutationFn: (change: () => Promise<void>) => change() });
  const watching = useMutation({ mutationFn: () => watch(talk.id, twin.id), onSuccess: open });
  const maySteer = talk.is_member || talk.oversight;
  return (
    <li className={classes.talk} aria-label={`${name}, ${since}`}>
      <div className={classes.words}>
        <Text truncate>
          {name} {talk.mode === "off" && <Badge size="sm">{texts.paused}</Badge>}
        </Text>
        <Text c="dimmed" size="xs">
          {since}
        </Text>
        {!maySteer && (
          <Text c="dimmed" size="xs">
            {texts.maySteerNot}
          </Text>
        )}
      </div>
      {maySteer && (
        <Group gap="xs">
          {talk.kind === "room" && talk.is_member && (
            <NativeSelect
              size="xs"
              aria-label={texts.policyOf(twin.name, name)}
              value={talk.policy}
              disabled={changing.isPending}
              onChange={(event) => {
                const policy = event.currentTarget.value as Policy;
                changing.mutate(() => setPolicy(talk.id, twin.id, policy));
              }}
              data={POLICIES.map((policy) => ({ value: policy, label: texts.policies[policy] }))}
            />
          )}
          <NativeSelect
            size="xs"
            aria-label={texts.modeIn(twin.name, name)}
            value={talk.mode}
            disabled={changing.isPending}
            onChange={(event) => {
              const mode = event.currentTarget.value as Mode;
              changing.mutate(() => setMode(talk.id, twin.id, mode));
            }}
            data={MODES.map((mode) => ({ value: mode, label: texts.modes[mode] }))}
          />
          {talk.is_member ? (
            <Button size="xs" variant="light" onClick={open}>
              {texts.open}
            </Button>
          ) : (
            <Button
              size="xs"
              variant="light"
              title={texts.watchHint}
              loading={watching.isPending}
              onClick={() => watching.mutate()}
            >
              {texts.watch}
            </Button>
          )}
        </Group>
      )}
      <Problem error={changing.error ?? watching.error} />
    </li>
  );
}
