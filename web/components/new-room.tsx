"use client";

import { Button, Checkbox, Modal, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { beginRoom } from "@/state/commands";
import { useTexts } from "@/state/language";
import { twinsQuery } from "@/state/queries";
import { goTo } from "./place";
import { Problem } from "./problem";

/** Makes a room with some twins; people come by a link. */
export function NewRoom({ onClose }: { onClose: () => void }) {
  const texts = useTexts();
  const { data: twins } = useQuery(twinsQuery);
  const [title, setTitle] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => beginRoom(title.trim(), chosen),
    onSuccess: (id) => {
      onClose();
      goTo(id);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <Modal opened onClose={onClose} title={texts.newRoom} closeButtonProps={{ "aria-label": texts.close }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={texts.roomTitle}
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
            maxLength={100}
            required
            data-autofocus
          />
          <Checkbox.Group label={texts.twinsInRoom} value={chosen} onChange={setChosen} required>
            <Stack gap="xs" mt="xs">
              {twins?.map((twin) => (
                <Checkbox key={twin.id} value={twin.id} label={twin.name} />
              ))}
            </Stack>
          </Checkbox.Group>
          <Problem error={error} />
          <Button type="submit" loading={isPending} disabled={title.trim() === "" || chosen.length === 0}>
            {texts.createRoom}
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
