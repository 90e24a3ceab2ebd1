"use client";

import { Anchor, Badge, Button, Stack, TextInput } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { endSessionsOf, setDisabled, type User, usersQuery } from "@/state/admin";
import { useMoment } from "@/state/language";
import { More } from "../more";
import { usePageLink } from "../place";
import { ConfirmButton } from "../settings/confirm-button";
import { Entries, Entry } from "../settings/entries";
import classes from "./admin.module.css";
import { adminPath } from "./place";
import { useAdminTexts } from "./texts";

/** Accounts: found, signed out, closed and opened. */
export function Users() {
  const texts = useAdminTexts();
  const [wanted, setWanted] = useState("");
  const list = useInfiniteQuery(usersQuery(useDeferredValue(wanted.trim())));
  return (
    <Stack>
      <TextInput
        type="search"
        label={texts.find}
        description={texts.findHint}
        value={wanted}
        maxLength={254}
        onChange={(event) => setWanted(event.currentTarget.value)}
      />
      <Entries
        label={texts.users}
        items={list.data?.pages.flatMap((page) => page.items)}
        error={list.error}
        none={texts.noUsers}
      >
        {(user) => <UserRow key={user.id} user={user} />}
      </Entries>
      <More label={texts.more} list={list} />
    </Stack>
  );
}

function UserRow({ user }: { user: User }) {
  const texts = useAdminTexts();
  const moment = useMoment();
  const link = usePageLink();
  const changing = useMutation({ mutationFn: (disabled: boolean) => setDisabled(user, disabled) });
  const ending = useMutation({ mutationFn: () => endSessionsOf(user) });
  const { email } = user;
  const details = [
    texts.made(moment(user.created_at)),
    user.last_used_at === null ? texts.neverUsed : texts.lastUsed(moment(user.last_used_at)),
    texts.logIns(user.log_ins),
    texts.twins(user.twins),
    texts.bots(user.bots),
  ];
  return (
    <Entry
      title={
        <>
          <strong>{user.name}</strong> {email}{" "}
          {user.is_admin && (
            <Badge variant="default" tt="none">
              {texts.administrator}
            </Badge>
          )}
          {user.disabled_at !== null && (
            <Badge color="red.9" tt="none">
              {texts.disabled}
            </Badge>
          )}
        </>
      }
      details={
        <>
          {details.join(" · ")}
          <Anchor
            className={classes.about}
            size="xs"
            underline="always"
            aria-label={texts.whatHappenedTo(email)}
            {...link(adminPath("audit", user.id))}
          >
            {texts.whatHappened}
          </Anchor>
        </>
      }
      error={changing.error ?? ending.error}
    >
      {user.log_ins > 0 && (
        <ConfirmButton
          label={texts.signOutOf(email)}
          what={texts.signOutWhat}
          isPending={ending.isPending}
          onConfirm={() => ending.mutate()}
        >
          {texts.signOut}
        </ConfirmButton>
      )}
      {user.disabled_at !== null && (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={texts.enableOf(email)}
          loading={changing.isPending}
          onClick={() => changing.mutate(false)}
        >
          {texts.enable}
        </Button>
      )}
      {user.disabled_at === null && !user.is_admin && (
        <ConfirmButton
          label={texts.disableOf(email)}
          what={texts.disableWhat}
          isPending={changing.isPending}
          onConfirm={() => changing.mutate(true)}
        >
          {texts.disable}
        </ConfirmButton>
      )}
    </Entry>
  );
}
