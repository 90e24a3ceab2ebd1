"use client";

import { Button, Group } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { Schemas } from "@/connection/index";
import { body, http } from "@/state/http";
import { useTexts } from "@/state/language";
import { problemOf } from "@/state/session";
import { type Message, useStore } from "@/state/store";

/** The files of a message. The server hands them to who may read it, and so they are fetched with a token and saved. */
export function Attachments({ message }: { message: Message }) {
  const files = message.attachments ?? [];
  return (
    files.length > 0 && (
      <Group gap="xs" my="xs">
        {files.map((file) => (
          <SaveButton key={file.id} file={file} />
        ))}
      </Group>
    )
  );
}

function SaveButton({ file }: { file: Schemas["Attachment"] }) {
  const texts = useTexts();
  const language = useStore((state) => state.language);
  const kilobytes = new Intl.NumberFormat(language, { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 });
  const { mutate, isPending } = useMutation({
    mutationFn: () => save(file),
    onError: (error) => useStore.setState({ notice: problemOf(error) }),
  });
  return (
    <Button
      size="compact-sm"
      variant="default"
      loading={isPending}
      aria-label={texts.attachment(file.name)}
      onClick={() => mutate()}
    >
      {file.name} · {kilobytes.format(Math.max(file.size_bytes / 1_000, 1))}
    </Button>
  );
}

async function save(file: Schemas["Attachment"]): Promise<void> {
  const params = { path: { attachment: file.id } };
  const answer = http.GET("/api/v1/attachments/{attachment}", { params, parseAs: "blob" });
  const url = URL.createObjectURL((await body(answer)) as unknown as Blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = file.name;
  link.click();
  URL.revokeObjectURL(url);
}
