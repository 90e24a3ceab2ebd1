/** Pictures that were sent: fetched with a token, shown from memory, and let go when nobody looks at them any more. */

import { queryOptions } from "@tanstack/react-query";
import type { Schemas } from "@/connection/index";
import { body, http } from "./http";
import { queries } from "./queries";

type File = Schemas["Attachment"];

/** What every browser can draw and what runs nothing. */
const SHOWN: readonly string[] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/** Larger ones are fetched when somebody asks for them. */
const BYTES_MAX = 5_000_000;

/** Pixels that a picture may have to be drawn: four bytes each, in memory. */
const PIXELS_MAX = 40_000_000;

/** For how long a picture is kept that nobody looks at. */
const KEPT_MS = 60_000;

/** A picture that can be shown, with the size that it says it has. */
export type Picture = File & { width: number; height: number };

export function isPicture(file: File): file is Picture {
  const { width, height } = file;
  const isSized = width !== undefined && height !== undefined && width * height <= PIXELS_MAX;
  return isSized && SHOWN.includes(file.media_type) && file.size_bytes <= BYTES_MAX;
}

/** An address in memory of the bytes of a file. */
export const pictureQuery = (file: File) =>
  queryOptions({
    queryKey: ["picture", file.id],
    queryFn: async (): Promise<string> => URL.createObjectURL(await bytesOf(file)),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
  });

queries.getQueryCache().subscribe(({ type, query }) => {
  if (type === "removed" && query.queryKey[0] === "picture" && typeof query.state.data === "string") {
    URL.revokeObjectURL(query.state.data);
  }
});

/** Keeps a file on the disk of whoever reads. */
export async function saveFile(file: File): Promise<void> {
  const url = URL.createObjectURL(await bytesOf(file));
  const link = document.createElement("a");
  link.href = url;
  link.download = file.name;
  link.click();
  URL.revokeObjectURL(url);
}

async function bytesOf(file: File): Promise<Blob> {
  const params = { path: { attachment: file.id } };
  const answer = http.GET("/api/v1/attachments/{attachment}", { params, parseAs: "blob" });
  const bytes = (await body(answer)) as unknown as Blob;
  return new Blob([bytes], { type: file.media_type });
}
