"use client";

import { Button, Group, NativeSelect, Stack, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Memory, WrittenMemory } from "@/state/memories";
import type { Audience, Person } from "@/state/people";
import { useMe } from "@/state/store";
import { Problem } from "../problem";
import { AudienceFields } from "./audience";
import { MEMORY_CHARS_MAX } from "./limits";
import { useStudioTexts } from "./texts";

interface MemoryFormProps {
  /** The memory in whose place it is to stand. */
  replaced?: Memory;
  people: readonly Person[];
  write: (memory: WrittenMemory) => Promise<void>;
  onClose: () => void;
}

/** Writes down something that a twin is to remember. */
export function MemoryForm({ replaced, people, write, onClose }: MemoryFormProps) {
  const texts = useStudioTexts();
  const me = useMe();
  const [text, setText] = useState(replaced?.text ?? "");
  const [about, setAbout] = useState(replaced?.about ?? me.id);
  const [audience, setAudience] = useState<Audience>(replaced?.audience ?? { kind: "owner" });
  const supersedes = replaced === undefined ? {} : { supersedes: replaced.id };
  const writing = useMutation({
    mutationFn: () => write({ text: text.trim(), about, audience, ...supersedes }),
    onSuccess: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    writing.mutate();
  };
  return (
    <form
      onSubmit={submit}
      aria-label={replaced === undefined ? texts.writeMemory : texts.replaceMemoryOf(replaced.text)}
    >
      <Stack gap="sm">
        <Textarea
          label={texts.memoryText}
          description={texts.memoryTextHint}
          autoFocus
          autosize
          minRows={2}
          maxRows={8}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          maxLength={MEMORY_CHARS_MAX}
          required
        />
        {replaced === undefined ? (
          <NativeSelect
            label={texts.memoryAbout}
            value={about}
            onChange={(event) => setAbout(event.currentTarget.value)}
            data={[
              { value: me.id, label: texts.aboutMe },
              ...people.map(({ id, name }) => ({ value: id, label: name })),
            ]}
          />
        ) : (
          <Text c="dimmed" size="sm">
            {texts.replaceHint}
          </Text>
        )}
        <AudienceFields audience={audience} people={people} onChange={setAudience} />
        <Problem error={writing.error} />
        <Group gap="xs">
          <Button type="submit" loading={writing.isPending} disabled={text.trim() === ""}>
            {texts.writeDown}
          </Button>
          <Button variant="default" onClick={onClose}>
            {texts.cancel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
