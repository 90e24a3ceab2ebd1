"use client";

import { Checkbox, Stack, Text } from "@mantine/core";
import { type Person, toggled } from "@/state/people";

interface PeopleChoiceProps {
  label: string;
  people: readonly Person[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
  /** What is said when there is nobody to choose. */
  none: string;
}

/** Some of those whom one can name, each with a box to tick. */
export function PeopleChoice({ label, people, chosen, onChange, none }: PeopleChoiceProps) {
  return (
    <Stack component="fieldset" gap={6} m={0} p={0} bd={0}>
      <Text component="legend" size="sm" fw={500} mb={4}>
        {label}
      </Text>
      {people.length === 0 && (
        <Text c="dimmed" size="sm">
          {none}
        </Text>
      )}
      {people.map(({ id, name }) => (
        <Checkbox key={id} label={name} checked={chosen.includes(id)} onChange={() => onChange(toggled(chosen, id))} />
      ))}
    </Stack>
  );
}
