"use client";

import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Twin } from "@/state/queries";
import { useMe } from "@/state/store";
import { deleteTwin } from "@/state/studio";
import { keepEdits } from "@/state/twin-edits";
import { Problem } from "../problem";
import { studioPath } from "./place";
import { useStudioTexts } from "./texts";

/** Deletes a twin, after a question that names it. */
export function DeleteTwin({ twin }: { twin: Twin }) {
  const texts = useStudioTexts();
  const me = useMe();
  const [isOpen, setOpen] = useState(false);
  const deleting = useMutation({
    mutationFn: () => deleteTwin(twin.id),
    onSuccess: () => {
      keepEdits(localStorage, me.id, twin.id, {});
      window.history.pushState(null, "", studioPath(null));
    },
  });
  return (
    <>
      <Button mt="xl" variant="default" onClick={() => setOpen(true)}>
        {texts.deleteTwin}
      </Button>
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={texts.deleteTwinTitle(twin.name)}
        closeButtonProps={{ "aria-label": texts.close }}
      >
        <Stack>
          <Text>{texts.deleteTwinHint(twin.name)}</Text>
          <Problem error={deleting.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setOpen(false)} data-autofocus>
              {texts.cancel}
            </Button>
            <Button color="red.9" loading={deleting.isPending} onClick={() => deleting.mutate()}>
              {texts.deleteTwinForGood(twin.name)}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
