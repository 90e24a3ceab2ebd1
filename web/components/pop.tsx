"use client";

import { type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import classes from "./pop.module.css";

/** Pixels between the button and what opens beside it, and from there to the edge of the window. */
const GAP = 6;

interface PopProps {
  /** What it is, for who cannot see it. */
  label: string;
  /** The button that opens and closes it, with these properties. */
  button: (properties: { popoverTarget: string; "aria-haspopup": "dialog"; "aria-expanded": boolean }) => ReactNode;
  children: (close: () => void) => ReactNode;
}

/**
 * Something small that opens beside a button. It is the browser's own popover: Escape and a click elsewhere close it, the focus
 * goes back to the button, and no library is loaded for it.
 */
export function Pop({ label, button, children }: PopProps) {
  const id = useId();
  const anchor = useRef<HTMLSpanElement>(null);
  const pop = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  const close = () => pop.current?.hidePopover();
  useLayoutEffect(() => {
    if (isOpen && pop.current !== null && anchor.current?.firstElementChild) {
      place(pop.current, anchor.current.firstElementChild.getBoundingClientRect());
      pop.current.querySelector<HTMLElement>("button, input, a[href]")?.focus();
    }
  }, [isOpen]);
  useEffect(() => {
    if (!isOpen) {
      return;
    }
    // It stands where the button stood.
    const away = (event: Event) => {
      if (!(event.target instanceof Node && pop.current?.contains(event.target))) {
        pop.current?.hidePopover();
      }
    };
    document.addEventListener("scroll", away, true);
    window.addEventListener("resize", away);
    return () => {
      document.removeEventListener("scroll", away, true);
      window.removeEventListener("resize", away);
    };
  }, [isOpen]);
  return (
    <>
      <span ref={anchor} className={classes.anchor}>
        {button({ popoverTarget: id, "aria-haspopup": "dialog", "aria-expanded": isOpen })}
      </span>
      <div
        ref={pop}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={label}
        className={classes.pop}
        onToggle={(event) => setOpen(event.newState === "open")}
      >
        {isOpen && children(close)}
      </div>
    </>
  );
}

/** Above the button, or below where there is no room, and within the window. */
function place(pop: HTMLElement, button: DOMRect): void {
  const { width, height } = pop.getBoundingClientRect();
  const above = button.top - height - GAP;
  const left = button.left + button.width / 2 - width / 2;
  pop.style.left = `${Math.max(GAP, Math.min(left, window.innerWidth - width - GAP))}px`;
  pop.style.top = `${above >= GAP ? above : Math.min(button.bottom + GAP, window.innerHeight - height - GAP)}px`;
}
