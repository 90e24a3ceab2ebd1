"use client";

import { Badge, Button, Group } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { usePageTexts } from "@/i18n/pages";
import { endOtherSessions, endSession, type Session, sessionsQuery } from "@/state/account";
import { useMoment } from "@/state/language";
import { signOut } from "@/state/session";
import { Problem } from "../problem";
import { Entries, Entry } from "./entries";

/** Where one is signed in. */
export function Devices() {
  const texts = usePageTexts().settings;
  const { data, error } = useQuery(sessionsQuery);
  const ending = useMutation({ mutationFn: endOtherSessions });
  return (
    <>
      <Entries label={texts.devices} items={data} error={error}>
        {(session) => <Row key={session.id} session={session} />}
      </Entries>
      {data !== undefined && data.length > 1 && (
        <Group>
          <Button variant="default" loading={ending.isPending} onClick={() => ending.mutate()}>
            {texts.endOthers}
          </Button>
        </Group>
      )}
      <Problem error={ending.error} />
    </>
  );
}

function Row({ session }: { session: Session }) {
  const texts = usePageTexts().settings;
  const moment = useMoment();
  const name = useDeviceName()(session);
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => (session.is_current ? signOut() : endSession(session)),
  });
  return (
    <Entry
      title={
        <>
          {name}{" "}
          {session.is_current && (
            <Badge variant="default" tt="none">
              {texts.thisDevice}
            </Badge>
          )}
        </>
      }
      details={`${texts.signedIn(moment(session.created_at))} · ${texts.lastUsed(moment(session.last_used_at))}`}
      error={error}
    >
      <Button
        size="compact-sm"
        variant="default"
        aria-label={texts.endSessionOf(name)}
        loading={isPending}
        onClick={() => mutate()}
      >
        {texts.endSession}
      </Button>
    </Entry>
  );
}

function useDeviceName(): (session: Session) => string {
  const texts = usePageTexts().settings;
  return ({ program, system }) => {
    const name = program ?? texts.unknownProgram;
    return system === null ? name : texts.device(name, system);
  };
}
