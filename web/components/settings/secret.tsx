"use client";

import { Alert, Button, CopyButton, Group, TextInput } from "@mantine/core";
import { usePageTexts } from "@/i18n/pages";
import { useTexts } from "@/state/language";

interface SecretProps {
  label: string;
  value: string;
  onClose: () => void;
}

/** Something that the server shows once. */
export function Secret({ label, value, onClose }: SecretProps) {
  const { close } = useTexts();
  const texts = usePageTexts().settings;
  return (
    <Alert color="indigo" role="status" withCloseButton closeButtonLabel={close} onClose={onClose}>
      <Group align="flex-end" wrap="wrap">
        <TextInput
          flex={1}
          miw={200}
          readOnly
          label={label}
          description={texts.shownOnce}
          value={value}
          onFocus={(event) => event.currentTarget.select()}
        />
        <CopyButton value={value}>
          {({ copied, copy }) => <Button onClick={copy}>{copied ? texts.copied : texts.copy}</Button>}
        </CopyButton>
      </Group>
    </Alert>
  );
}
