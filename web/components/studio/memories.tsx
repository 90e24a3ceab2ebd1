"use client";

import { Button, Group, Loader, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { forgetAbout, memoriesQuery, writeMemory } from "@/state/memories";
import type { Person } from "@/state/people";
import type { Twin } from "@/state/queries";
import { useMe } from "@/state/store";
import { useAcquaintances } from "../acquaintances";
import { More } from "../more";
import { Problem } from "../problem";
import { ForgetButton } from "./forget-button";
import { MemoryForm } from "./memory-form";
import { MemoryRow } from "./memory-row";
import { Recaps } from "./recaps";
import classes from "./studio.module.css";
import { useStudioTexts } from "./texts";

/** What a twin remembers, whom it may tell it, and how its owner changes that. */
export function Memories({ twin }: { twin: Twin }) {
  const texts = useStudioTexts();
  const me = useMe();
  const [about, setAbout] = useState("");
  const [isWriting, setWriting] = useState(false);
  const all = useInfiniteQuery(memoriesQuery(twin.id));
  const ofOne = useInfiniteQuery({ ...memoriesQuery(twin.id, about), enabled: about !== "" });
  const list = about === "" ? all : ofOne;
  const memories = list.data?.pages.flatMap((page) => page.items);
  const remembered = useMemo(
    () => all.data?.pages.flatMap((page) => page.items).map((each) => ({ id: each.about, name: each.about_name })),
    [all.data],
  );
  const people = useAcquaintances(remembered);
  const nameOf = (id: string) => (id === me.id ? texts.you : (people.find((each) => each.id === id)?.name ?? ""));
  return (
    <div className={classes.part}>
      <Stack maw={860}>
        <Text c="dimmed" size="sm">
          {texts.memoryHint(twin.name)}
        </Text>
        {isWriting ? (
          <MemoryForm
            people={people}
            write={(memory) => writeMemory(twin.id, memory)}
            onClose={() => setWriting(false)}
          />
        ) : (
          <Group>
            <Button onClick={() => setWriting(true)}>{texts.writeMemory}</Button>
          </Group>
        )}
        <Group justify="space-between" align="flex-end">
          <Title order={2} size="h5">
            {texts.memories}
          </Title>
          <Group gap="xs" align="flex-end">
            {about !== "" && memories !== undefined && memories.length > 0 && (
              <ForgetAbout twin={twin} person={{ id: about, name: nameOf(about) }} />
            )}
            <NativeSelect
              size="xs"
              label={texts.about}
              value={about}
              onChange={(event) => setAbout(event.currentTarget.value)}
              data={[
                { value: "", label: texts.aboutEverybody },
                { value: me.id, label: texts.aboutMe },
                ...people.map(({ id, name }) => ({ value: id, label: name })),
              ]}
            />
          </Group>
        </Group>
        {list.isPending && <Loader aria-label={texts.loading} role="status" />}
        <Problem error={list.error} />
        {memories?.length === 0 && (
          <Text c="dimmed">
            {about === "" ? texts.noMemories(twin.name) : texts.noMemoriesAbout(twin.name, nameOf(about))}
          </Text>
        )}
        <ul className={classes.rows} aria-label={texts.memories}>
          {memories?.map((memory) => (
            <MemoryRow key={memory.id} twin={twin} memory={memory} listed={memories} people={people} />
          ))}
        </ul>
        <More label={texts.more} list={list} />
        <Recaps twin={twin} />
      </Stack>
    </div>
  );
}

function ForgetAbout({ twin, person }: { twin: Twin; person: Person }) {
  const texts = useStudioTexts();
  const forgetting = useMutation({ mutationFn: () => forgetAbout(twin.id, person.id) });
  return (
    <>
      <ForgetButton
        label={texts.forgetAbout(person.name)}
        hint={texts.forgetAboutHint(twin.name, person.name)}
        confirm={texts.forgetAboutForGood}
        isPending={forgetting.isPending}
        onConfirm={() => forgetting.mutate()}
      >
        {(opens) => (
          <Button {...opens} size="xs" variant="default">
            {texts.forgetAbout(person.name)}
          </Button>
        )}
      </ForgetButton>
      <Problem error={forgetting.error} />
    </>
  );
}
