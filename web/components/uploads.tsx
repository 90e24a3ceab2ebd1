"use client";

import { Button, CloseButton, Text } from "@mantine/core";
import { useFileSize, useProblemText, useTexts } from "@/state/language";
import { uploadBytesMax } from "@/state/settings";
import { FILES_MAX, removeUpload, retryUpload, type Upload } from "@/state/uploads";
import classes from "./uploads.module.css";

/** The files of the next message: how far each is, and why it is no further. */
export default function Uploads({ uploads }: { uploads: readonly Upload[] }) {
  const texts = useTexts();
  const size = useFileSize();
  const bytesMax = uploadBytesMax();
  const isOnItsWay = uploads.some(({ state }) => state.name === "waiting" || state.name === "sending");
  const hasFailed = uploads.some(({ state }) => state.name === "failed");
  const hint = hasFailed ? texts.filesFailed : isOnItsWay ? texts.filesOnTheirWay : texts.filesThere(uploads.length);
  return (
    <div className={classes.uploads}>
      <ul aria-label={texts.files}>
        {uploads.map((upload) => (
          <Row key={upload.key} upload={upload} />
        ))}
      </ul>
      <Text c="dimmed" size="xs">
        <span role="status">{hint}</span> {texts.fileLimits(FILES_MAX, bytesMax === undefined ? "" : size(bytesMax))}
      </Text>
    </div>
  );
}

function Row({ upload }: { upload: Upload }) {
  const texts = useTexts();
  const size = useFileSize();
  const { key, name, bytes, state } = upload;
  return (
    <li className={classes.row} data-state={state.name}>
      <div className={classes.words}>
        <Text size="sm" truncate>
          {name}
        </Text>
        <Text c="dimmed" size="xs">
          {size(bytes)}
        </Text>
        {state.name === "failed" && <Failure state={state} />}
      </div>
      {state.name === "sending" && (
        <progress
          className={classes.progress}
          aria-label={texts.sendingFile(name)}
          max={bytes}
          value={state.sentBytes}
        />
      )}
      {state.name === "failed" && state.mayRetry && (
        <Button size="compact-xs" variant="default" onClick={() => retryUpload(key)}>
          {texts.tryAgain}
        </Button>
      )}
      <CloseButton size="sm" aria-label={texts.removeFile(name)} onClick={() => removeUpload(key)} />
    </li>
  );
}

function Failure({ state }: { state: Extract<Upload["state"], { name: "failed" }> }) {
  const texts = useTexts();
  const size = useFileSize();
  const textOf = useProblemText();
  const bytesMax = uploadBytesMax();
  const words: Record<string, string> = {
    too_many_files: texts.tooManyFiles(FILES_MAX),
    file_empty: texts.fileEmpty,
    file_too_large: texts.fileTooLarge(bytesMax === undefined ? "" : size(bytesMax)),
  };
  return (
    <Text c="var(--mantine-color-error)" size="xs" role="alert">
      {words[state.problem.code] ?? texts.notSent(textOf(state.problem))}
    </Text>
  );
}
