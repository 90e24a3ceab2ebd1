"use client";

import { ActionIcon, Button, FileButton, Group, Loader, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type DragEvent, useMemo, useState } from "react";
import { type DocumentUpload, letGo, uploadAgain, uploadDocuments, useDocumentUploads } from "@/state/document-uploads";
import { useClock, useFileSize, useProblemText } from "@/state/language";
import { audienceOf, type NewAudience, type Person } from "@/state/people";
import type { Twin } from "@/state/queries";
import { type Document, deleteDocument, documentsQuery, type Receipt, tellDocument, useReading } from "@/state/studio";
import { useAcquaintances } from "../acquaintances";
import { Icon } from "../icons";
import { Pop } from "../pop";
import { Problem } from "../problem";
import { AudienceButton } from "./audience";
import { DocumentView } from "./document-view";
import classes from "./studio.module.css";
import { useStudioTexts } from "./texts";

/** Who is named, is named when the document is there. */
const NEW_AUDIENCES: readonly NewAudience[] = ["owner", "link", "public"];

/** What a twin knows: its documents, and those that are on their way. */
export function Documents({ twin }: { twin: Twin }) {
  const texts = useStudioTexts();
  const { data: documents, isPending, error } = useQuery(documentsQuery(twin.id));
  const all = useDocumentUploads((state) => state.uploads);
  const taken = useDocumentUploads((state) => state.taken);
  const uploads = all.filter((each) => each.twin === twin.id);
  const people = useAcquaintances();
  const [chosen, choose] = useState<NewAudience>();
  const audience = chosen ?? audienceOf(twin.visibility);
  const upload = (files: File[]) => uploadDocuments(twin.id, files, audience);
  const [receipt, setReceipt] = useState<Receipt>();
  const size = useFileSize();
  const [isOver, setOver] = useState(false);
  const over = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    upload(Array.from(event.dataTransfer.files));
  };
  return (
    <section
      className={classes.part}
      data-over={isOver || undefined}
      aria-label={texts.parts.documents}
      onDragOver={over}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <Stack maw={860}>
        <div className={classes.drop}>
          <Text>{texts.dropHere(twin.name)}</Text>
          <Text c="dimmed" size="sm">
            {texts.documentLimits}
          </Text>
          <NativeSelect
            size="sm"
            mt="sm"
            mx="auto"
            maw={320}
            label={texts.newDocumentsFor}
            value={audience}
            onChange={(event) => choose(event.currentTarget.value as NewAudience)}
            data={NEW_AUDIENCES.map((each) => ({ value: each, label: texts.audiences[each] }))}
          />
          <FileButton multiple onChange={upload}>
            {(props) => (
              <Button mt="sm" {...props}>
                {texts.chooseFiles}
              </Button>
            )}
          </FileButton>
        </div>
        <span className="only-read-out" role="status">
          {taken !== undefined && texts.takenIn(taken)}
        </span>
        {uploads.length > 0 && (
          <>
            <Title order={2} size="h6">
              {texts.onTheirWay}
            </Title>
            <ul className={classes.rows}>
              {uploads.map((each) => (
                <UploadRow key={each.id} upload={each} />
              ))}
            </ul>
          </>
        )}
        <Title order={2} size="h6">
          {texts.documents(documents?.length ?? 0)}
        </Title>
        {isPending && <Loader aria-label={texts.loading} />}
        <Problem error={error} />
        <Text c="dimmed" size="sm" role="status">
          {receipt && texts.forgotten(receipt.chunks, receipt.citations, size(receipt.file_bytes))}
        </Text>
        {documents?.length === 0 && <Text c="dimmed">{texts.noDocuments(twin.name)}</Text>}
        <ul className={classes.rows}>
          {documents?.map((document) => (
            <DocumentRow key={document.id} document={document} people={people} onForgotten={setReceipt} />
          ))}
        </ul>
      </Stack>
    </section>
  );
}

function UploadRow({ upload: { id, name, state } }: { upload: DocumentUpload }) {
  const texts = useStudioTexts();
  const textOf = useProblemText();
  const words = () => {
    if (state.name !== "failed") {
      return state.name === "waiting" ? texts.uploadWaits : texts.uploadRuns;
    }
    const { why } = state;
    return why === "too_large" ? texts.uploadTooLarge : why === "too_many" ? texts.uploadTooMany : textOf(why);
  };
  const hasFailed = state.name === "failed";
  return (
    <li>
      <div className={classes.words}>
        <Text truncate>{name}</Text>
        <Text size="xs" c={hasFailed ? "var(--mantine-color-error)" : "dimmed"} role={hasFailed ? "alert" : undefined}>
          {hasFailed ? texts.uploadFailed(name, words()) : words()}
        </Text>
      </div>
      {state.name === "reading" && <Loader size="xs" aria-hidden />}
      {state.name === "failed" && typeof state.why === "object" && (
        <Button size="compact-sm" variant="light" aria-label={texts.uploadAgain(name)} onClick={() => uploadAgain(id)}>
          {texts.again}
        </Button>
      )}
      <ActionIcon
        variant="subtle"
        aria-label={hasFailed ? texts.forget(name) : texts.stopUpload(name)}
        title={hasFailed ? texts.forget(name) : texts.stopUpload(name)}
        onClick={() => letGo(id)}
      >
        <Icon name="close" />
      </ActionIcon>
    </li>
  );
}

interface DocumentRowProps {
  document: Document;
  people: readonly Person[];
  onForgotten: (receipt: Receipt) => void;
}

function DocumentRow({ document, people, onForgotten }: DocumentRowProps) {
  const texts = useStudioTexts();
  const clock = useClock();
  const size = useFileSize();
  const [isOpen, setOpen] = useState(false);
  const source = useMemo(() => ({ document_id: document.id, document: document.name, quote: "" }), [document]);
  const deleting = useMutation({
    mutationFn: () => deleteDocument(document.twin_id, document.id),
    // The row is gone then, with what it says.
    onSuccess: onForgotten,
  });
  const job = useReading((jobs) => jobs[document.id]);
  const isReady = document.state === "ready";
  const state = isReady ? texts.pieces(document.chunk_count) : texts.reading(document.state, job);
  return (
    <li>
      <div className={classes.words}>
        <Text truncate>{document.name}</Text>
        <Text c="dimmed" size="xs">
          {[size(document.size_bytes), state, clock.short(document.created_at)].join(" · ")}
        </Text>
        {document.failure !== undefined && (
          <Text size="xs" c="var(--mantine-color-error)" role="alert">
            {texts.cannotBeRead(document.failure.message)}
          </Text>
        )}
        <Problem error={deleting.error} />
      </div>
      <AudienceButton
        what={document.name}
        audience={document.audience}
        people={people}
        change={(audience) => tellDocument(document.twin_id, document.id, audience)}
      />
      {isReady && (
        <Button
          size="compact-sm"
          variant="light"
          aria-label={texts.readDocument(document.name)}
          onClick={() => setOpen(true)}
        >
          {texts.readIt}
        </Button>
      )}
      <Pop
        label={texts.deleteDocument(document.name)}
        button={(opens) => (
          <ActionIcon
            {...opens}
            variant="subtle"
            aria-label={texts.deleteDocument(document.name)}
            title={texts.deleteDocument(document.name)}
          >
            <Icon name="bin" />
          </ActionIcon>
        )}
      >
        {() => (
          <Stack gap="xs" p="xs" maw={320}>
            <Text size="sm">{texts.deleteDocumentHint}</Text>
            <Group justify="flex-end">
              <Button color="red.9" size="compact-sm" loading={deleting.isPending} onClick={() => deleting.mutate()}>
                {texts.deleteDocumentForGood(document.name)}
              </Button>
            </Group>
          </Stack>
        )}
      </Pop>
      {isOpen && <DocumentView twin={document.twin_id} source={source} onClose={() => setOpen(false)} />}
    </li>
  );
}
