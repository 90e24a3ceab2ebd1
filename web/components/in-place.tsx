"use client";

import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { ownTwinsIn, type TwinMember } from "@/state/oversight";
import { type Conversation, twinsQuery } from "@/state/queries";
import { useMe } from "@/state/store";

// Only owners of twins need these.
const OwnerBar = dynamic(() => import("./owner-bar").then((module) => module.OwnerBar), { ssr: false });
const InPlaceComposer = dynamic(() => import("./in-place-composer").then((module) => module.InPlaceComposer), {
  ssr: false,
});

/** What the owner of a twin is about to write in its place: the rest of a reply, or a message of its own. */
export interface InPlace {
  twin: TwinMember;
  /** The id of the reply. */
  reply?: string;
}

interface Owned {
  /** One's own twins that take part. */
  own: readonly TwinMember[];
  inPlace: InPlace | undefined;
  write: (inPlace: InPlace | undefined) => void;
}

const Context = createContext<Owned>({ own: [], inPlace: undefined, write: () => undefined });

/** Knows for everything in a conversation which of its twins are one's own. */
export function Owning({ conversation, children }: { conversation: Conversation; children: ReactNode }) {
  const me = useMe();
  const { data: twins } = useQuery(twinsQuery);
  const [inPlace, write] = useState<InPlace>();
  const own = useMemo(() => ownTwinsIn(conversation, twins ?? [], me.id), [conversation, twins, me.id]);
  const owned = useMemo(() => ({ own, inPlace, write }), [own, inPlace]);
  return <Context.Provider value={owned}>{children}</Context.Provider>;
}

export function useOwned(): Owned {
  return useContext(Context);
}

/** The twin with this id, if it is one's own. */
export function useOwnTwin(id: string): TwinMember | undefined {
  return useOwned().own.find((twin) => twin.id === id);
}

/** What the owner of a twin can do where it talks; nothing for anybody else. */
export function OwnerControls({ conversation }: { conversation: Conversation }) {
  const { own } = useOwned();
  return own.map((twin) => <OwnerBar key={twin.id} conversation={conversation} twin={twin} />);
}

interface WritingProps {
  conversation: Conversation;
  /** Something is about to be answered or edited. */
  isOwnName: boolean;
  children: ReactNode;
}

/** Where one writes: under one's own name, or in the place of one's twin. */
export function Writing({ conversation, isOwnName, children }: WritingProps) {
  const { inPlace } = useOwned();
  return inPlace === undefined || isOwnName ? (
    children
  ) : (
    <InPlaceComposer key={inPlace.reply} conversation={conversation} inPlace={inPlace} />
  );
}
