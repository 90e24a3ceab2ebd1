"use client";

import { Button, Stack, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { makeTwin } from "@/state/studio";
import { Problem } from "../problem";
import { NAME_CHARS_MAX, PERSONA_CHARS_MAX } from "./limits";
import { studioPath } from "./place";
import classes from "./studio.module.css";
import { useStudioTexts } from "./texts";

/** Makes a twin, which only its owner can talk with until it is shared. */
export function MakeTwin({ isFirst }: { isFirst: boolean }) {
  const texts = useStudioTexts();
  const [name, setName] = useState("");
  const [persona, setPersona] = useState("");
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => makeTwin({ name: name.trim(), persona, visibility: "private" }),
    onSuccess: (twin) => window.history.pushState(null, "", studioPath(twin.id)),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <form className={classes.part} onSubmit={submit}>
      <Stack maw={640}>
        <Title order={1} size="h3">
          {texts.makeTwin}
        </Title>
        <Text c="dimmed">{isFirst ? texts.makeFirst : texts.makeHint}</Text>
        <TextInput
          label={texts.name}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={NAME_CHARS_MAX}
          required
        />
        <Textarea
          label={texts.persona}
          description={texts.personaHint}
          autosize
          minRows={5}
          maxRows={14}
          value={persona}
          onChange={(event) => setPersona(event.currentTarget.value)}
          maxLength={PERSONA_CHARS_MAX}
        />
        <Problem error={error} />
        <Button type="submit" loading={isPending} disabled={name.trim() === ""}>
          {texts.createTwin}
        </Button>
      </Stack>
    </form>
  );
}
