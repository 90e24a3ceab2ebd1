import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** One thing of a section that has several. */
export function Part({ title, hint, children }: { title: string; hint: string; children: ReactNode }) {
  return (
    <Stack gap="sm">
      <Title order={3} size="h5">
        {title}
      </Title>
      <Text c="dimmed" size="sm">
        {hint}
      </Text>
      {children}
    </Stack>
  );
}
