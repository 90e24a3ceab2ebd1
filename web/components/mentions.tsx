"use client";

import { type KeyboardEvent, type RefObject, useId, useLayoutEffect, useRef, useState } from "react";
import { useTexts } from "@/state/language";
import type { Conversation, Member } from "@/state/queries";
import { useMe } from "@/state/store";
import { Face } from "./face";
import classes from "./mentions.module.css";

/** The beginning of a mention, up to where one writes. */
const BEGUN = /(?:^|\s)@([^\s@]{0,50})$/u;

/** Names that are offered at once. */
const OFFERED_MAX = 6;

interface Mentions {
  conversation: Conversation;
  text: string;
  setText: (text: string) => void;
  field: RefObject<HTMLTextAreaElement | null>;
}

/** Offers the members of a room whose names begin with what stands behind an @. */
export function useMentions({ conversation, text, setText, field }: Mentions) {
  const me = useMe();
  const id = useId();
  const [caret, setCaret] = useState(0);
  const [place, setPlace] = useState(0);
  const [closed, setClosed] = useState<string>();
  /** Where the caret belongs once a name stands in the field: before the next key is heard. */
  const caretToCome = useRef<number>(undefined);
  useLayoutEffect(() => {
    if (caretToCome.current !== undefined) {
      field.current?.setSelectionRange(caretToCome.current, caretToCome.current);
      caretToCome.current = undefined;
    }
  });
  const begun = conversation.kind === "room" ? BEGUN.exec(text.slice(0, caret))?.[1] : undefined;
  const offered =
    begun === undefined || closed === text
      ? []
      : conversation.members
          .filter((member) => member.id !== me.id && member.name.toLowerCase().startsWith(begun.toLowerCase()))
          .slice(0, OFFERED_MAX);
  const active = offered[Math.min(place, offered.length - 1)];

  const take = (member: Member) => {
    const before = `${text.slice(0, caret - (begun?.length ?? 0))}${member.name} `;
    setText(before + text.slice(caret));
    setCaret(before.length);
    setPlace(0);
    caretToCome.current = before.length;
    field.current?.focus();
  };
  /** Says whether a key was meant for the list. */
  const press = (event: KeyboardEvent): boolean => {
    if (active === undefined) {
      return false;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      setPlace((Math.min(place, offered.length - 1) + step + offered.length) % offered.length);
    } else if (event.key === "Escape") {
      setClosed(text);
    } else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") {
      take(active);
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  };
  return {
    press,
    list: active === undefined ? null : <List id={id} offered={offered} active={active} onTake={take} />,
    fieldProps: {
      onSelect: () => setCaret(field.current?.selectionStart ?? 0),
      "aria-autocomplete": "list" as const,
      "aria-controls": active === undefined ? undefined : id,
      "aria-activedescendant": active === undefined ? undefined : `${id}-${active.id}`,
    },
  };
}

interface ListProps {
  id: string;
  offered: readonly Member[];
  active: Member;
  onTake: (member: Member) => void;
}

function List({ id, offered, active, onTake }: ListProps) {
  const texts = useTexts();
  const kinds = { user: texts.human, twin: texts.twin, bot: texts.bot };
  return (
    <div className={classes.list} id={id} role="listbox" aria-label={texts.mention}>
      {offered.map((member) => (
        <div
          key={member.id}
          id={`${id}-${member.id}`}
          className={classes.option}
          role="option"
          tabIndex={-1}
          aria-selected={member.id === active.id}
          // The field keeps the focus.
          onPointerDown={(event) => {
            event.preventDefault();
            onTake(member);
          }}
        >
          <Face name={member.name} isSmall /> {member.name} <span className={classes.kind}>{kinds[member.kind]}</span>
        </div>
      ))}
    </div>
  );
}
