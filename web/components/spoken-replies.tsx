"use client";

import { useEffect, useRef, useState } from "react";
import { blocksQuery, queries } from "@/state/queries";
import { useStore } from "@/state/store";
import { writerOf } from "@/state/writers";
import { useDescription } from "./writer-badge";

/** Reads out each message of others when it is whole, and not while it is being written. */
export function SpokenReplies({ id }: { id: string }) {
  const newest = useStore((state) => state.timelines[id]?.order.at(-1));
  const describe = useDescription();
  const first = useRef(newest?.seq ?? 0);
  const [spoken, setSpoken] = useState("");
  useEffect(() => {
    if (newest !== undefined && newest.seq > first.current) {
      first.current = newest.seq;
      const blocks = queries.getQueryData(blocksQuery.queryKey);
      if (blocks?.some((block) => block.id === newest.author.id) === true) {
        return;
      }
      setSpoken(`${describe(newest.author, writerOf(newest))} ${newest.text}`);
    }
  }, [newest, describe]);
  return (
    <div className="only-read-out" aria-live="polite">
      {spoken}
    </div>
  );
}
