"use client";

import { ActionIcon, Anchor, Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useClock } from "@/state/language";
import { changeMemory, forgetMemory, type Memory, memoryQuery, undoMemory, writeMemory } from "@/state/memories";
import type { Person } from "@/state/people";
import { conversationsQuery, type Twin } from "@/state/queries";
import { useMe } from "@/state/store";
import { Icon } from "../icons";
import { usePageLink } from "../place";
import { Problem } from "../problem";
import { AudienceButton } from "./audience";
import { ForgetButton } from "./forget-button";
import { MEMORY_CHARS_MAX } from "./limits";
import { MemoryForm } from "./memory-form";
import classes from "./studio.module.css";
import { useStudioTexts } from "./texts";

interface MemoryRowProps {
  twin: Twin;
  memory: Memory;
  /** Those that stand in the list with it. */
  listed: readonly Memory[];
  people: readonly Person[];
}

/** Something that a twin remembers, and what its owner can do about it. */
export function MemoryRow({ twin, memory, listed, people }: MemoryRowProps) {
  const texts = useStudioTexts();
  const me = useMe();
  const [doing, setDoing] = useState<"edit" | "replace">();
  const about = memory.about === me.id ? texts.you : memory.about_name;
  const done = () => setDoing(undefined);
  return (
    <li aria-label={texts.memoryOf(about, memory.text)}>
      {doing === "edit" ? (
        <EditForm memory={memory} change={(text) => changeMemory(twin.id, memory.id, { text })} onClose={done} />
      ) : (
        <div className={classes.words}>
          <Text className={classes.remembered}>{memory.text}</Text>
          <Facts memory={memory} />
          {memory.supersedes !== null && (
            <Other twin={twin.id} id={memory.supersedes} listed={listed} label={texts.insteadOf} />
          )}
          {memory.superseded_by !== null && (
            <Other twin={twin.id} id={memory.superseded_by} listed={listed} label={texts.replacedBy} />
          )}
        </div>
      )}
      {doing === undefined && <Actions twin={twin} memory={memory} people={people} onDo={setDoing} />}
      {doing === "replace" && (
        <div className={classes.below}>
          <MemoryForm
            replaced={memory}
            people={people}
            write={(written) => writeMemory(twin.id, written)}
            onClose={done}
          />
        </div>
      )}
    </li>
  );
}

/** Whom it is about, how the twin came by it, when, and where it was said. */
function Facts({ memory }: { memory: Memory }) {
  const texts = useStudioTexts();
  const clock = useClock();
  const me = useMe();
  const link = usePageLink();
  const { data: conversations } = useQuery(conversationsQuery);
  const { about, about_name, kind, said_in, created_at, changed_at, revision } = memory;
  const isReadable = conversations?.some((conversation) => conversation.id === said_in?.conversation_id) === true;
  const facts = [
    `${texts.about}: ${about === me.id ? texts.you : about_name}`,
    texts.memoryKinds[kind],
    clock.short(created_at),
    ...(revision > 1 ? [texts.changedAt(clock.short(changed_at))] : []),
  ];
  return (
    <Text c="dimmed" size="xs">
      {facts.join(" · ")}
      {said_in !== null && isReadable && (
        <>
          {" · "}
          <Anchor {...link(`/chat?id=${said_in.conversation_id}&message=${said_in.message_id}`)} size="xs">
            {texts.saidThere}
          </Anchor>
        </>
      )}
    </Text>
  );
}

interface OtherProps {
  twin: string;
  id: string;
  listed: readonly Memory[];
  label: string;
}

/** A memory whose place another takes. */
function Other({ twin, id, listed, label }: OtherProps) {
  const inList = listed.find((each) => each.id === id);
  const { data } = useQuery({ ...memoryQuery(twin, id), enabled: inList === undefined });
  const text = (inList ?? data)?.text;
  return (
    text !== undefined && (
      <Text size="sm" mt={4}>
        {label}: <q>{text}</q>
      </Text>
    )
  );
}

interface ActionsProps {
  twin: Twin;
  memory: Memory;
  people: readonly Person[];
  onDo: (what: "edit" | "replace") => void;
}

function Actions({ twin, memory, people, onDo }: ActionsProps) {
  const texts = useStudioTexts();
  const undoing = useMutation({ mutationFn: () => undoMemory(twin.id, memory.id) });
  const forgetting = useMutation({ mutationFn: () => forgetMemory(twin.id, memory.id) });
  const { text, revision } = memory;
  return (
    <>
      <Group gap="xs">
        <AudienceButton
          what={text}
          audience={memory.audience}
          people={people}
          change={(audience) => changeMemory(twin.id, memory.id, { audience })}
        />
        <Button size="compact-sm" variant="light" aria-label={texts.editMemoryOf(text)} onClick={() => onDo("edit")}>
          {texts.editMemory}
        </Button>
        {revision > 1 && (
          <Button
            size="compact-sm"
            variant="light"
            aria-label={texts.undoMemoryOf(text)}
            loading={undoing.isPending}
            onClick={() => undoing.mutate()}
          >
            {texts.undoMemory}
          </Button>
        )}
        {memory.superseded_by === null && (
          <Button
            size="compact-sm"
            variant="light"
            aria-label={texts.replaceMemoryOf(text)}
            onClick={() => onDo("replace")}
          >
            {texts.replaceMemory}
          </Button>
        )}
        <ForgetButton
          label={texts.forgetMemory(text)}
          hint={texts.forgetMemoryHint}
          confirm={texts.forgetIt}
          isPending={forgetting.isPending}
          onConfirm={() => forgetting.mutate()}
        >
          {(opens) => (
            <ActionIcon
              {...opens}
              variant="subtle"
              aria-label={texts.forgetMemory(text)}
              title={texts.forgetMemory(text)}
              loading={forgetting.isPending}
            >
              <Icon name="bin" />
            </ActionIcon>
          )}
        </ForgetButton>
      </Group>
      <Problem error={undoing.error ?? forgetting.error} />
    </>
  );
}

interface EditFormProps {
  memory: Memory;
  change: (text: string) => Promise<void>;
  onClose: () => void;
}

function EditForm({ memory, change, onClose }: EditFormProps) {
  const texts = useStudioTexts();
  const [text, setText] = useState(memory.text);
  const changing = useMutation({ mutationFn: () => change(text.trim()), onSuccess: onClose });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    changing.mutate();
  };
  return (
    <form className={classes.below} onSubmit={submit} aria-label={texts.editMemoryOf(memory.text)}>
      <Stack gap="xs">
        <Textarea
          label={texts.memoryText}
          autoFocus
          autosize
          minRows={2}
          maxRows={8}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          maxLength={MEMORY_CHARS_MAX}
          required
        />
        <Problem error={changing.error} />
        <Group gap="xs">
          <Button
            type="submit"
            loading={changing.isPending}
            disabled={text.trim() === "" || text.trim() === memory.text}
          >
            {texts.save}
          </Button>
          <Button variant="default" onClick={onClose}>
            {texts.cancel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
