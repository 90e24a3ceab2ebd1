"use client";

import { Anchor, Button, Group, Modal, Radio, Stack } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { groupsQuery } from "@/state/groups";
import { type Audience, namedIn, type Person } from "@/state/people";
import { useStore } from "@/state/store";
import { PeopleChoice } from "../people-choice";
import { usePageLink } from "../place";
import { Problem } from "../problem";
import { useStudioTexts } from "./texts";

/** Those who are told the fewest things first. */
const KINDS: readonly Audience["kind"][] = ["owner", "people", "link", "public"];

interface AudienceButtonProps {
  /** What may be told. */
  what: string;
  audience: Audience;
  /** Whom one can name. */
  people: readonly Person[];
  change: (audience: Audience) => Promise<void>;
}

/** Says whom a twin may tell something, and asks for others. */
export function AudienceButton({ what, audience, people, change }: AudienceButtonProps) {
  const texts = useStudioTexts();
  const words = useAudienceWords(people)(audience);
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        aria-haspopup="dialog"
        aria-label={texts.audienceOf(what, words)}
        title={texts.audience}
        maw={260}
        onClick={() => setOpen(true)}
      >
        {words}
      </Button>
      {isOpen && (
        <AudienceDialog
          what={what}
          audience={audience}
          people={people}
          change={change}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}

function AudienceDialog({ what, audience, people, change, onClose }: AudienceButtonProps & { onClose: () => void }) {
  const texts = useStudioTexts();
  const [chosen, choose] = useState(audience);
  const saving = useMutation({ mutationFn: () => change(chosen), onSuccess: onClose });
  return (
    <Modal opened onClose={onClose} title={texts.audienceTitle(what)} closeButtonProps={{ "aria-label": texts.close }}>
      <Stack>
        <AudienceFields audience={chosen} people={people} onChange={choose} />
        <Problem error={saving.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {texts.cancel}
          </Button>
          <Button loading={saving.isPending} onClick={() => saving.mutate()}>
            {texts.save}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

interface AudienceFieldsProps {
  audience: Audience;
  people: readonly Person[];
  onChange: (audience: Audience) => void;
}

/** Chooses whom a twin may tell something. */
export function AudienceFields({ audience, people, onChange }: AudienceFieldsProps) {
  const texts = useStudioTexts();
  const choose = (kind: Audience["kind"]) => onChange(kind === "people" ? { kind, ...namedIn(audience) } : { kind });
  return (
    <Stack gap="sm">
      <Radio.Group label={texts.audience} value={audience.kind} onChange={(kind) => choose(kind as Audience["kind"])}>
        <Stack gap="xs" mt={6}>
          {KINDS.map((kind) => (
            <Radio key={kind} value={kind} label={texts.audiences[kind]} description={texts.audienceHints[kind]} />
          ))}
        </Stack>
      </Radio.Group>
      {audience.kind === "people" && <Named audience={audience} people={people} onChange={onChange} />}
    </Stack>
  );
}

function Named({ audience, people, onChange }: AudienceFieldsProps) {
  const texts = useStudioTexts();
  const link = usePageLink();
  const { data: groups, error } = useQuery(groupsQuery);
  const named = namedIn(audience);
  return (
    <Stack gap="sm" pl="xl">
      <PeopleChoice
        label={texts.groupNames}
        people={groups ?? []}
        chosen={named.groups}
        onChange={(chosen) => onChange({ kind: "people", ...named, groups: chosen })}
        none={texts.noGroups}
      />
      <Problem error={error} />
      <Anchor {...link("/settings#groups")} size="sm">
        {texts.toGroups}
      </Anchor>
      <PeopleChoice
        label={texts.personNames}
        people={withUnknown(people, named.people, texts.somebody)}
        chosen={named.people}
        onChange={(chosen) => onChange({ kind: "people", ...named, people: chosen })}
        none={texts.noPeople}
      />
    </Stack>
  );
}

/** Says an audience in words. */
export function useAudienceWords(people: readonly Person[]): (audience: Audience) => string {
  const texts = useStudioTexts();
  const language = useStore((state) => state.language);
  const { data: groups } = useQuery(groupsQuery);
  return (audience) => {
    if (audience.kind !== "people") {
      return texts.audiences[audience.kind];
    }
    const named = namedIn(audience);
    const nameOf = (all: readonly Person[], id: string) => all.find((each) => each.id === id)?.name ?? texts.somebody;
    const names = [
      ...named.groups.map((id) => nameOf(groups ?? [], id)),
      ...named.people.map((id) => nameOf(people, id)),
    ];
    return names.length === 0 ? texts.audienceNobody : new Intl.ListFormat(language).format(names);
  };
}

/** Those whom one can name, and those who are named though one shares no conversation with them. */
function withUnknown(people: readonly Person[], named: readonly string[], name: string): Person[] {
  const unknown = named.filter((id) => people.every((person) => person.id !== id));
  return [...people, ...unknown.map((id) => ({ id, name }))];
}
