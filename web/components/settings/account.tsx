"use client";

import { Button, FileButton, Group, List, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { usePageTexts } from "@/i18n/pages";
import { changePassword, deleteAccount, exportedAccount, type ImportReport, importAccount } from "@/state/account";
import { useMe } from "@/state/store";
import { download } from "../download";
import { Problem } from "../problem";
import { Part } from "./part";

/** The password, all that is kept, and the end of the account. */
export function Account() {
  return (
    <Stack maw={480}>
      <Password />
      <Export />
      <Import />
      <Deletion />
    </Stack>
  );
}

function Password() {
  const texts = usePageTexts().settings;
  const { mutate, isPending, error } = useMutation({
    mutationFn: ({ current, next }: { current: string; next: string }) => changePassword(current, next),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    mutate({ current: String(form.get("current") ?? ""), next: String(form.get("next") ?? "") });
  };
  return (
    <form onSubmit={submit}>
      <Part title={texts.password} hint={texts.passwordHint}>
        <PasswordInput
          name="current"
          label={texts.currentPassword}
          autoComplete="current-password"
          maxLength={256}
          required
        />
        <PasswordInput
          name="next"
          label={texts.newPassword}
          description={texts.newPasswordHint}
          autoComplete="new-password"
          minLength={8}
          maxLength={256}
          required
        />
        <Problem error={error} />
        <Group>
          <Button type="submit" variant="default" loading={isPending}>
            {texts.passwordChange}
          </Button>
        </Group>
      </Part>
    </form>
  );
}

function Export() {
  const texts = usePageTexts().settings;
  const { mutate, isPending, error } = useMutation({
    mutationFn: exportedAccount,
    onSuccess: (archive) => download(archive, "digital-twin-export.zip"),
  });
  return (
    <Part title={texts.exportAccount} hint={texts.exportHint}>
      <Problem error={error} />
      <Group>
        <Button variant="default" loading={isPending} onClick={() => mutate()}>
          {texts.exportAll}
        </Button>
      </Group>
    </Part>
  );
}

function Import() {
  const texts = usePageTexts().settings;
  const { mutate, isPending, error, data } = useMutation({ mutationFn: importAccount });
  const reset = useRef<() => void>(null);
  const take = (archive: File | null) => {
    if (archive !== null) {
      mutate(archive);
    }
    // The same file may be chosen again.
    reset.current?.();
  };
  return (
    <Part title={texts.importAccount} hint={texts.importHint}>
      <Problem error={error} />
      <Group>
        <FileButton accept=".zip,application/zip" resetRef={reset} onChange={take}>
          {(props) => (
            <Button variant="default" loading={isPending} {...props}>
              {texts.importAll}
            </Button>
          )}
        </FileButton>
      </Group>
      <div role="status">
        {isPending && <Text size="sm">{texts.importRuns}</Text>}
        {data && <Imported report={data} />}
      </div>
    </Part>
  );
}

/** What came with an export, and what did not. */
function Imported({ report }: { report: ImportReport }) {
  const texts = usePageTexts().settings;
  const kinds = ["twins", "documents", "memories", "groups"] as const;
  return (
    <Stack gap="xs">
      <List size="sm">
        {kinds.map((kind) => (
          <List.Item key={kind}>
            {texts.importCame(texts.importKinds[kind], report[kind].taken, report[kind].here_already)}
          </List.Item>
        ))}
      </List>
      {report.left_out.length > 0 && (
        <>
          <Text size="sm">{texts.importLeftOut}</Text>
          <List size="sm">
            {report.left_out.map(({ what, count }) => (
              <List.Item key={what}>{texts.importLeftOutOf(texts.importLeftOutKinds[what], count)}</List.Item>
            ))}
          </List>
        </>
      )}
    </Stack>
  );
}

/** What cannot be taken back asks for more than a click. */
function Deletion() {
  const texts = usePageTexts().settings;
  const me = useMe();
  const [typed, setTyped] = useState("");
  const { mutate, isPending, error } = useMutation({ mutationFn: deleteAccount });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <form onSubmit={submit}>
      <Part title={texts.deleteAccount} hint={texts.deleteHint}>
        <TextInput
          label={texts.deleteConfirm(me.email)}
          value={typed}
          autoComplete="off"
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Problem error={error} />
        <Group>
          <Button type="submit" color="red.9" disabled={typed.trim() !== me.email} loading={isPending}>
            {texts.deleteForGood}
          </Button>
        </Group>
      </Part>
    </form>
  );
}
