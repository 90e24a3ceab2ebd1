"use client";

import { ActionIcon, Button, CopyButton, Drawer, Group, Menu, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { bringTwin, invitationLink, removeMember, setBlocked, talkWith } from "@/state/commands";
import { useTexts } from "@/state/language";
import { blocksQuery, type Conversation, type Member, twinsQuery } from "@/state/queries";
import { useMe, useStore } from "@/state/store";
import { Face } from "./face";
import { Icon } from "./icons";
import { goTo } from "./place";
import { Problem } from "./problem";

const ConversationLevel = dynamic(() => import("./conversation-level"));

/** Roles that may put others out. */
const MODERATING: readonly string[] = ["moderator", "owner"];
/** Roles that may bring others in. */
const INVITING: readonly string[] = ["member", ...MODERATING];

/** Who takes part, and what one may do about it. */
export function Members({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const texts = useTexts();
  const me = useMe();
  const own = conversation.members.find((member) => member.id === me.id);
  const role = own !== undefined && own.kind !== "twin" ? own.role : "guest";
  const isRoom = conversation.kind === "room";
  const leaving = useMutation({
    mutationFn: () => removeMember(conversation.id, me.id),
    onSuccess: () => goTo(null),
  });
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      title={texts.members}
      closeButtonProps={{ "aria-label": texts.close }}
    >
      <Stack>
        {conversation.members.map((member) => (
          <MemberRow
            key={member.id}
            conversation={conversation}
            member={member}
            mayRemove={isRoom && MODERATING.includes(role) && member.id !== me.id}
            onClose={onClose}
          />
        ))}
        <ConversationLevel conversation={conversation.id} />
        {isRoom && INVITING.includes(role) && (
          <>
            <AddTwin conversation={conversation} />
            <Invite conversation={conversation} />
          </>
        )}
        {isRoom && (
          <Button variant="default" onClick={() => leaving.mutate()} loading={leaving.isPending}>
            {texts.leave}
          </Button>
        )}
        <Problem error={leaving.error} />
      </Stack>
    </Drawer>
  );
}

interface MemberRowProps {
  conversation: Conversation;
  member: Member;
  mayRemove: boolean;
  onClose: () => void;
}

function MemberRow({ conversation, member, mayRemove, onClose }: MemberRowProps) {
  const texts = useTexts();
  const me = useMe();
  const isOnline = useStore((state) => state.online[conversation.id]?.includes(member.id) === true);
  const talking = useMutation({
    mutationFn: () => talkWith({ kind: member.kind === "twin" ? "twin" : "user", id: member.id }),
    onSuccess: (id) => {
      onClose();
      goTo(id);
    },
  });
  const removing = useMutation({ mutationFn: () => removeMember(conversation.id, member.id) });
  const { data: isBlocked } = useQuery({
    ...blocksQuery,
    select: (blocks) => blocks.some((block) => block.id === member.id),
  });
  const blocking = useMutation({ mutationFn: () => setBlocked(member.id, isBlocked !== true) });
  const what = { user: texts.human, twin: texts.twin, bot: texts.bot }[member.kind];
  const mayTalk = conversation.kind === "room" && member.id !== me.id && member.kind !== "bot";
  return (
    <div>
      <Group wrap="nowrap">
        <Face name={member.name} />
        <Stack gap={0} flex={1} miw={0}>
          <Text truncate>
            {member.name} {member.id === me.id && `(${texts.you})`}
          </Text>
          <Text c="dimmed" size="xs">
            {what}
            {member.kind === "twin" && member.oversight && ` · ${texts.mayStepIn}`}
            {member.kind !== "twin" && ` · ${texts.roles[member.role]} · ${isOnline ? texts.online : texts.offlineNow}`}
          </Text>
        </Stack>
        {mayTalk && (
          <Button size="compact-sm" variant="light" onClick={() => talking.mutate()} loading={talking.isPending}>
            {texts.talk}
          </Button>
        )}
        {member.id !== me.id && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={isBlocked === true ? texts.unblockName(member.name) : texts.blockName(member.name)}
            title={texts.blockHint}
            onClick={() => blocking.mutate()}
            loading={blocking.isPending}
          >
            {isBlocked === true ? texts.unblock : texts.block}
          </Button>
        )}
        {mayRemove && (
          <ActionIcon
            variant="subtle"
            color="red"
            aria-label={texts.remove(member.name)}
            title={texts.remove(member.name)}
            loading={removing.isPending}
            onClick={() => removing.mutate()}
          >
            <Icon name="close" />
          </ActionIcon>
        )}
      </Group>
      <Problem error={talking.error ?? removing.error ?? blocking.error} />
    </div>
  );
}

function AddTwin({ conversation }: { conversation: Conversation }) {
  const texts = useTexts();
  const { data: twins } = useQuery(twinsQuery);
  const others = twins?.filter((twin) => conversation.members.every((member) => member.id !== twin.id)) ?? [];
  const bringing = useMutation({ mutationFn: (twin: string) => bringTwin(conversation.id, twin) });
  if (others.length === 0) {
    return null;
  }
  return (
    <>
      <Menu>
        <Menu.Target>
          <Button variant="light" loading={bringing.isPending}>
            {texts.addTwin}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {others.map((twin) => (
            <Menu.Item key={twin.id} onClick={() => bringing.mutate(twin.id)}>
              {twin.name}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Problem error={bringing.error} />
    </>
  );
}

function Invite({ conversation }: { conversation: Conversation }) {
  const texts = useTexts();
  const { mutate, data: link, isPending, error } = useMutation({ mutationFn: () => invitationLink(conversation.id) });
  if (link === undefined) {
    return (
      <>
        <Button variant="light" onClick={() => mutate()} loading={isPending}>
          {texts.invite}
        </Button>
        <Problem error={error} />
      </>
    );
  }
  return (
    <Group align="flex-end" wrap="nowrap">
      <TextInput flex={1} readOnly label={texts.invite} description={texts.inviteHint} value={link} />
      <CopyButton value={link}>
        {({ copied, copy }) => <Button onClick={copy}>{copied ? texts.copied : texts.copyLink}</Button>}
      </CopyButton>
    </Group>
  );
}
