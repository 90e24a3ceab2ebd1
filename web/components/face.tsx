/** A round with somebody's initials, beside their name: for the eye only. */

import classes from "./face.module.css";

/** Colours that white letters can be read on; `face.module.css` has them. */
const COLOURS = 8;

export function Face({ name, isSmall = false }: { name: string; isSmall?: boolean }) {
  const colour = Array.from(name).reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0) % COLOURS;
  return (
    <span
      aria-hidden
      className={classes.face}
      data-colour={colour}
      data-small={isSmall || undefined}
      data-initials={initialsOf(name)}
    />
  );
}

function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).slice(0, 2);
  return words.map((word) => Array.from(word)[0] ?? "").join("");
}
