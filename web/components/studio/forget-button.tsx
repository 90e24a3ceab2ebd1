"use client";

import { Button, Group, Stack, Text } from "@mantine/core";
import type { ComponentProps } from "react";
import { Pop } from "../pop";

interface ForgetButtonProps {
  /** What it would forget. */
  label: string;
  hint: string;
  /** What the second button says. */
  confirm: string;
  isPending: boolean;
  onConfirm: () => void;
  /** The first button, with these properties. */
  children: ComponentProps<typeof Pop>["button"];
}

/** Has a twin forget something for good, after a question. */
export function ForgetButton({ label, hint, confirm, isPending, onConfirm, children }: ForgetButtonProps) {
  return (
    <Pop label={label} button={children}>
      {(close) => (
        <Stack gap="xs" p="xs" maw={320}>
          <Text size="sm">{hint}</Text>
          <Group justify="flex-end">
            <Button
              color="red.9"
              size="compact-sm"
              loading={isPending}
              onClick={() => {
                close();
                onConfirm();
              }}
            >
              {confirm}
            </Button>
          </Group>
        </Stack>
      )}
    </Pop>
  );
}
