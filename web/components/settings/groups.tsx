"use client";

import { Button, Group as Row, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { usePageTexts } from "@/i18n/pages";
import { changeGroup, deleteGroup, groupsQuery, makeGroup } from "@/state/groups";
import type { Group, Person } from "@/state/people";
import { useAcquaintances } from "../acquaintances";
import { PeopleChoice } from "../people-choice";
import { Problem } from "../problem";
import { ConfirmButton } from "./confirm-button";
import { Entries, Entry } from "./entries";
import classes from "./settings.module.css";

const NAME_CHARS_MAX = 100;

/** People whom one names together. */
export function Groups() {
  const texts = usePageTexts().settings;
  const { data, error } = useQuery(groupsQuery);
  const people = useAcquaintances();
  return (
    <>
      <Entries label={texts.groups} items={data} error={error} none={texts.groupsNone}>
        {(group) => <GroupEntry key={group.id} group={group} people={people} />}
      </Entries>
      <NewGroup />
    </>
  );
}

function GroupEntry({ group, people }: { group: Group; people: readonly Person[] }) {
  const texts = usePageTexts().settings;
  const [isChanging, setChanging] = useState(false);
  const deleting = useMutation({ mutationFn: () => deleteGroup(group.id) });
  if (isChanging) {
    return (
      <li className={classes.entry}>
        <ChangeGroup group={group} people={people} onClose={() => setChanging(false)} />
      </li>
    );
  }
  return (
    <Entry title={group.name} details={texts.groupSize(group.people.length)} error={deleting.error}>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={texts.groupChangeOf(group.name)}
        onClick={() => setChanging(true)}
      >
        {texts.groupChange}
      </Button>
      <ConfirmButton
        label={texts.groupDeleteOf(group.name)}
        what={texts.groupDelete}
        isPending={deleting.isPending}
        onConfirm={() => deleting.mutate()}
      >
        {texts.groupDeleteShort}
      </ConfirmButton>
    </Entry>
  );
}

interface ChangeGroupProps {
  group: Group;
  people: readonly Person[];
  onClose: () => void;
}

function ChangeGroup({ group, people, onClose }: ChangeGroupProps) {
  const texts = usePageTexts().settings;
  const [name, setName] = useState(group.name);
  const [chosen, choose] = useState<string[]>(group.people);
  const changing = useMutation({
    mutationFn: () => changeGroup(group.id, { name: name.trim(), people: chosen }),
    onSuccess: onClose,
  });
  // Who is in it stays to be seen when one shares no conversation with them any more.
  const unknown = group.people.filter((id) => people.every((person) => person.id !== id));
  const choices = [...people, ...unknown.map((id) => ({ id, name: texts.groupSomebody }))];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    changing.mutate();
  };
  return (
    <form className={classes.words} onSubmit={submit} aria-label={texts.groupChangeOf(group.name)}>
      <Stack gap="sm">
        <TextInput
          label={texts.groupName}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={NAME_CHARS_MAX}
          autoFocus
          required
        />
        <PeopleChoice
          label={texts.groupPeople(group.name)}
          people={choices}
          chosen={chosen}
          onChange={choose}
          none={texts.groupPeopleNone}
        />
        <Problem error={changing.error} />
        <Row gap="xs">
          <Button type="submit" loading={changing.isPending} disabled={name.trim() === ""}>
            {texts.save}
          </Button>
          <Button variant="default" onClick={onClose}>
            {texts.groupCancel}
          </Button>
        </Row>
      </Stack>
    </form>
  );
}

function NewGroup() {
  const texts = usePageTexts().settings;
  const [name, setName] = useState("");
  const making = useMutation({ mutationFn: () => makeGroup(name.trim(), []), onSuccess: () => setName("") });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="xs">
        <Row align="flex-end" gap="sm">
          <TextInput
            label={texts.groupName}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={NAME_CHARS_MAX}
            required
          />
          <Button type="submit" loading={making.isPending} disabled={name.trim() === ""}>
            {texts.groupMake}
          </Button>
        </Row>
        <Problem error={making.error} />
      </Stack>
    </form>
  );
}
