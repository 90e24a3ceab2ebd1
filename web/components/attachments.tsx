"use client";

import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { Schemas } from "@/connection/index";
import { useFileSize, useTexts } from "@/state/language";
import { isPicture, type Picture, pictureQuery, saveFile } from "@/state/pictures";
import { problemOf } from "@/state/session";
import { type Message, useStore } from "@/state/store";
import classes from "./message.module.css";

const PictureViewer = dynamic(() => import("./picture-viewer"));

/** How large a picture is in a message at most, in pixels of the screen. */
const SHOWN_WIDTH = 360;
const SHOWN_HEIGHT = 300;

/** The files of a message: pictures as such, everything else by its name. The server hands them to who may read the message. */
export function Attachments({ message }: { message: Message }) {
  const files = message.attachments ?? [];
  return (
    files.length > 0 && (
      <div className={classes.files}>
        {files.map((file) =>
          isPicture(file) ? <Shown key={file.id} file={file} /> : <SaveButton key={file.id} file={file} />,
        )}
      </div>
    )
  );
}

function Shown({ file }: { file: Picture }) {
  const texts = useTexts();
  const { data: url, isError } = useQuery(pictureQuery(file));
  const [isOpen, setOpen] = useState(false);
  const scale = Math.min(SHOWN_WIDTH / file.width, SHOWN_HEIGHT / file.height, 1);
  if (isError) {
    return <SaveButton file={file} />;
  }
  return (
    <>
      <button
        type="button"
        className={classes.picture}
        aria-label={texts.showPicture(file.name)}
        onClick={() => setOpen(true)}
      >
        {/* biome-ignore lint/performance/noImgElement: nothing could make bytes in memory smaller */}
        <img
          src={url}
          alt={file.name}
          width={Math.max(Math.round(file.width * scale), 1)}
          height={Math.max(Math.round(file.height * scale), 1)}
        />
      </button>
      {isOpen && url !== undefined && <PictureViewer file={file} url={url} onClose={() => setOpen(false)} />}
    </>
  );
}

export function SaveButton({ file }: { file: Schemas["Attachment"] }) {
  const texts = useTexts();
  const size = useFileSize();
  const { mutate, isPending } = useMutation({
    mutationFn: () => saveFile(file),
    onError: (error) => useStore.setState({ notice: problemOf(error) }),
  });
  return (
    <Button
      size="compact-sm"
      maw="100%"
      variant="default"
      loading={isPending}
      aria-label={`${texts.attachment(file.name)} · ${size(file.size_bytes)}`}
      onClick={() => mutate()}
    >
      <span className={classes.fileName}>{file.name}</span> · {size(file.size_bytes)}
    </Button>
  );
}
