"use client";

import { Button, Group, Radio, Stack, Switch, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Twin } from "@/state/queries";
import { useMe } from "@/state/store";
import { changeTwin, type Visibility } from "@/state/studio";
import { fieldsOf, keepEdits, loadEdits, realEdits, type TwinEdits, type TwinFields } from "@/state/twin-edits";
import { Problem } from "../problem";
import { DeleteTwin } from "./delete-twin";
import { GREETING_CHARS_MAX, LANGUAGE_CHARS_MAX, NAME_CHARS_MAX, PERSONA_CHARS_MAX } from "./limits";
import { Preview } from "./preview";
import classes from "./studio.module.css";
import { useStudioTexts } from "./texts";

const VISIBILITIES: readonly Visibility[] = ["private", "link", "public"];

/** A BCP 47 tag, or nothing. */
const LANGUAGE = "([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?";

/** Who a twin is and who may talk with it, beside a conversation with it as it is saved. */
export function Persona({ twin }: { twin: Twin }) {
  const texts = useStudioTexts();
  const { fields, unsaved, set, settle } = useEdits(twin);
  const names = unsaved.map((field) => texts.fields[field]);
  const saving = useMutation({
    mutationFn: (change: TwinEdits) => changeTwin(twin.id, change),
    onSuccess: (_, change) => settle(change),
  });
  const edits = Object.fromEntries(unsaved.map((field) => [field, fields[field]]));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate(edits);
  };
  return (
    <div className={classes.beside}>
      <div className={classes.part}>
        <form onSubmit={submit}>
          <Stack>
            <TextInput
              label={texts.name}
              value={fields.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
              maxLength={NAME_CHARS_MAX}
              required
            />
            <Textarea
              label={texts.persona}
              description={texts.personaHint}
              autosize
              minRows={6}
              maxRows={16}
              value={fields.persona}
              onChange={(event) => set({ persona: event.currentTarget.value })}
              maxLength={PERSONA_CHARS_MAX}
            />
            <Textarea
              label={texts.greeting}
              description={texts.greetingHint}
              autosize
              minRows={2}
              maxRows={8}
              value={fields.greeting}
              onChange={(event) => set({ greeting: event.currentTarget.value })}
              maxLength={GREETING_CHARS_MAX}
            />
            <TextInput
              label={texts.twinLanguage}
              description={texts.twinLanguageHint}
              value={fields.language}
              onChange={(event) => set({ language: event.currentTarget.value })}
              maxLength={LANGUAGE_CHARS_MAX}
              pattern={LANGUAGE}
            />
            <Radio.Group
              label={texts.visibility}
              value={fields.visibility}
              onChange={(value) => set({ visibility: value as Visibility })}
            >
              <Stack gap="xs" mt="xs">
                {VISIBILITIES.map((each) => (
                  <Radio
                    key={each}
                    value={each}
                    label={texts.visibilities[each]}
                    description={texts.visibilityHints[each]}
                  />
                ))}
              </Stack>
            </Radio.Group>
            <Switch
              label={texts.oversight}
              description={texts.oversightHint}
              checked={fields.oversight}
              onChange={(event) => set({ oversight: event.currentTarget.checked })}
            />
            <Problem error={saving.error} />
            <div className={classes.save}>
              <Text size="sm" role="status">
                {names.length === 0 ? texts.allSaved : texts.notSaved(names.join(", "))}
              </Text>
              <Group gap="xs">
                <Button
                  type="submit"
                  loading={saving.isPending}
                  disabled={names.length === 0 || fields.name.trim() === ""}
                >
                  {texts.save}
                </Button>
                <Button
                  variant="default"
                  disabled={names.length === 0 || saving.isPending}
                  onClick={() => settle(edits)}
                >
                  {texts.discardEdits}
                </Button>
              </Group>
            </div>
          </Stack>
        </form>
        <DeleteTwin twin={twin} />
      </div>
      <section className={classes.preview} aria-labelledby="preview">
        <div className={classes.previewHead}>
          <Title order={2} size="h6" id="preview">
            {texts.preview}
          </Title>
          <Text c="dimmed" size="xs">
            {names.length === 0 ? texts.previewSaved : texts.previewNotSaved(names.join(", "))}
          </Text>
        </div>
        <Preview twin={twin} />
      </section>
    </div>
  );
}

/** A twin as it would be, and what of that is not saved; it survives going away and a reload. */
function useEdits(twin: Twin) {
  const me = useMe();
  const [kept, setKept] = useState(() => loadEdits(localStorage, me.id, twin.id));
  const saved = fieldsOf(twin);
  const edits = realEdits(saved, kept);
  const keep = (next: TwinEdits) => {
    keepEdits(localStorage, me.id, twin.id, next);
    return next;
  };
  return {
    fields: { ...saved, ...edits },
    unsaved: Object.keys(edits) as (keyof TwinFields)[],
    set: (change: TwinEdits) => setKept((before) => keep(realEdits(saved, { ...before, ...change }))),
    /** These are saved, or not wanted; what was changed since then stays. */
    settle: (done: TwinEdits) => setKept((before) => keep(realEdits({ ...saved, ...done }, before))),
  };
}
