"use client";

import { Text } from "@mantine/core";
import { type ClipboardEvent, type RefObject, useEffect, useState } from "react";
import { useFileSize, useTexts } from "@/state/language";
import { uploadBytesMax } from "@/state/settings";
import { addFiles, FILES_MAX } from "@/state/uploads";
import classes from "./uploads.module.css";

/** Takes files that are dropped anywhere on the conversation in which `inside` stands; says so while some are held over it. */
export function FileDrop({ conversation, inside }: { conversation: string; inside: RefObject<HTMLElement | null> }) {
  const texts = useTexts();
  const size = useFileSize();
  const [isOver, setOver] = useState(false);
  const bytesMax = uploadBytesMax();
  useEffect(() => {
    const place = inside.current?.closest("main");
    if (place === null || place === undefined) {
      return;
    }
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const over = (event: DragEvent) => {
      if (hasFiles(event)) {
        event.preventDefault();
        setOver(true);
      }
    };
    const leave = (event: DragEvent) => {
      // From one element of the conversation to another is no leaving.
      if (!(event.relatedTarget instanceof Node && place.contains(event.relatedTarget))) {
        setOver(false);
      }
    };
    const drop = (event: DragEvent) => {
      if (hasFiles(event)) {
        event.preventDefault();
        setOver(false);
        addFiles(conversation, [...(event.dataTransfer?.files ?? [])]);
      }
    };
    place.addEventListener("dragover", over);
    place.addEventListener("dragleave", leave);
    place.addEventListener("drop", drop);
    return () => {
      place.removeEventListener("dragover", over);
      place.removeEventListener("dragleave", leave);
      place.removeEventListener("drop", drop);
    };
  }, [conversation, inside]);
  return (
    isOver && (
      <div className={classes.drop}>
        <Text fw={600}>{texts.dropFiles}</Text>
        <Text c="dimmed" size="sm">
          {texts.fileLimits(FILES_MAX, bytesMax === undefined ? "" : size(bytesMax))}
        </Text>
      </div>
    )
  );
}

/** Takes files that are pasted; words that come with a picture of them are meant as words. */
export function pasteFiles(event: ClipboardEvent, conversation: string): void {
  const { files, types } = event.clipboardData;
  if (files.length > 0 && !types.includes("text/plain")) {
    event.preventDefault();
    addFiles(conversation, [...files]);
  }
}
