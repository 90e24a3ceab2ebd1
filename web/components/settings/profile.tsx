"use client";

import { Button, Group, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { usePageTexts } from "@/i18n/pages";
import { changeMe, meQuery } from "@/state/account";
import { useMe } from "@/state/store";
import { useChoice } from "../choice";
import { Problem } from "../problem";

/** How others see one, and whether they see that one is there. */
export function Profile() {
  const texts = usePageTexts().settings;
  const me = useMe();
  const { data, error } = useQuery(meQuery);
  const [name, setName] = useState(me.name);
  const renaming = useMutation({ mutationFn: () => changeMe({ name: name.trim() }) });
  const hiding = useChoice(data?.invisible ?? false, (invisible) => changeMe({ invisible }));
  const isSame = name.trim() === "" || name.trim() === me.name;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    renaming.mutate();
  };
  return (
    <Stack gap="sm" maw={480}>
      <form onSubmit={submit}>
        <Group align="flex-end" wrap="nowrap">
          <TextInput
            flex={1}
            label={texts.name}
            description={texts.nameHint}
            value={name}
            maxLength={100}
            autoComplete="name"
            onChange={(event) => setName(event.currentTarget.value)}
            required
          />
          <Button type="submit" disabled={isSame} loading={renaming.isPending}>
            {texts.save}
          </Button>
        </Group>
      </form>
      <Text size="sm" role="status">
        {renaming.isSuccess && isSame && texts.saved}
      </Text>
      <div>
        <Text size="sm">{texts.email}</Text>
        <Text c="dimmed">{me.email}</Text>
      </div>
      <Switch
        label={texts.invisible}
        description={texts.invisibleHint}
        checked={hiding.shown}
        disabled={data === undefined}
        onChange={(event) => hiding.choose(event.currentTarget.checked)}
      />
      <Problem error={error ?? renaming.error ?? hiding.error} />
    </Stack>
  );
}
