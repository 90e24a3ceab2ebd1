"use client";

import { Anchor, Button, Card, Center, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTexts } from "@/state/language";
import { register, signIn } from "@/state/session";
import { demoAccount } from "@/state/settings";
import { LanguageChoice } from "./preferences";
import { Problem } from "./problem";

/** Signing up and signing in. */
export function Welcome() {
  const texts = useTexts();
  const [isNew, setNew] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const demo = demoAccount();

  const attempt = async (enter: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await enter();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = (name: string) => String(form.get(name) ?? "");
    const account = { email: field("email"), password: field("password") };
    void attempt(() => (isNew ? register({ ...account, name: field("name") }) : signIn(account)));
  };

  return (
    <Center component="main" mih="100dvh" p="md">
      <Card withBorder radius="lg" padding="xl" w="100%" maw={420}>
        <Stack gap="md">
          <div>
            <Title order={1} size="h2">
              {texts.appName}
            </Title>
            <Text c="dimmed">{texts.tagline}</Text>
          </div>
          {demo !== undefined && (
            <div>
              <Button fullWidth size="md" loading={isBusy} onClick={() => attempt(() => signIn(demo))}>
                {texts.tryDemo}
              </Button>
              <Text c="dimmed" size="xs" mt={4} ta="center">
                {texts.demoHint}
              </Text>
            </div>
          )}
          <form onSubmit={submit}>
            <Stack gap="sm">
              {isNew && <TextInput name="name" label={texts.yourName} autoComplete="name" maxLength={100} required />}
              <TextInput name="email" type="email" label={texts.email} autoComplete="email" maxLength={254} required />
              <PasswordInput
                name="password"
                label={texts.password}
                description={isNew ? texts.passwordHint : undefined}
                autoComplete={isNew ? "new-password" : "current-password"}
                minLength={isNew ? 8 : undefined}
                maxLength={256}
                required
              />
              <Problem error={problem} />
              <Button type="submit" variant={demo === undefined ? "filled" : "light"} loading={isBusy}>
                {isNew ? texts.signUp : texts.signIn}
              </Button>
              <Anchor component="button" type="button" size="sm" onClick={() => setNew(!isNew)}>
                {isNew ? texts.haveAccount : texts.noAccount}
              </Anchor>
            </Stack>
          </form>
          <LanguageChoice />
        </Stack>
      </Card>
    </Center>
  );
}
