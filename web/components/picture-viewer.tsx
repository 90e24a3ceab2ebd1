"use client";

import { Modal } from "@mantine/core";
import { useTexts } from "@/state/language";
import type { Picture } from "@/state/pictures";
import { SaveButton } from "./attachments";
import classes from "./message.module.css";

interface PictureViewerProps {
  file: Picture;
  url: string;
  onClose: () => void;
}

/** A picture as large as the window lets it be. */
export default function PictureViewer({ file, url, onClose }: PictureViewerProps) {
  const texts = useTexts();
  return (
    <Modal opened onClose={onClose} size="xl" title={file.name} closeButtonProps={{ "aria-label": texts.close }}>
      {/* biome-ignore lint/performance/noImgElement: nothing could make bytes in memory smaller */}
      <img className={classes.whole} src={url} alt={file.name} />
      <SaveButton file={file} />
    </Modal>
  );
}
