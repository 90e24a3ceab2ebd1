/** The pictures on buttons; each button says in words what it does. */

const PATHS = {
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  down: "M6 9l6 7 6-7",
  send: "M4 12l16-8-5 16-4-7-7-1z",
  stop: "M7 7h10v10H7z",
  plus: "M12 5v14M5 12h14",
  people:
    "M9 11a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM3 20c0-3.5 2.7-6 6-6s6 2.5 6 6M16 11a3 3 0 000-6M17 14c2.4.6 4 2.9 4 6",
  reply: "M9 7l-5 5 5 5M4 12h9c4 0 7 2 7 6",
  smile: "M12 21a9 9 0 100-18 9 9 0 000 18zM8.5 14c1 1.6 2.2 2.3 3.5 2.3s2.5-.7 3.5-2.3M9 9.5v.5M15 9.5v.5",
  copy: "M9 9h10v11H9zM5 15V4h10",
  edit: "M4 20l1-4L16 5l3 3L8 19z",
  bin: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  again: "M19 8a8 8 0 10.5 6M19 4v4h-4",
  up: "M8 11l4-7c1.5 0 2.3 1 2 2.5L13.500 10H19l-1.500 9H8zM8 11H4v8h4",
  thumbDown: "M8 13l4 7c1.500 0 2.300-1 2-2.500L13.500 14H19l-1.500-9H8zM8 13H4V5h4",
  close: "M6 6l12 12M18 6L6 18",
  clip: "M20 11l-8.5 8.5a5 5 0 01-7-7L13 4a3.3 3.3 0 014.7 4.7l-8.5 8.5a1.7 1.7 0 01-2.4-2.4L14 7.5",
  search: "M11 18a7 7 0 100-14 7 7 0 000 14zM16 16l5 5",
  eye: "M3 12c2.5-4.5 5.5-6.5 9-6.5s6.5 2 9 6.5c-2.5 4.5-5.5 6.5-9 6.5S5.5 16.5 3 12zM12 14.5a2.5 2.5 0 100-5 2.5 2.5 0 000 5z",
  why: "M12 21a9 9 0 100-18 9 9 0 000 18zM9.5 9.5c0-1.5 1.1-2.5 2.5-2.5s2.5 1 2.5 2.300c0 1.8-2.5 2-2.5 4M12 16.5h.01",
  studio: "M4 20v-2c0-2.8 2.2-5 5-5h1M9.5 10a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM17 11v3M17 18v3M12.5 16h3M18.5 16h3",
  more: "M6 12h.01M12 12h.01M18 12h.01",
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg aria-hidden="true" width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor">
      <path d={PATHS[name]} strokeWidth={name === "more" ? 3 : 1.8} strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
