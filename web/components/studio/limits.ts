/** How much the server takes of what describes a twin. */

export const NAME_CHARS_MAX = 100;
export const PERSONA_CHARS_MAX = 4_000;
export const GREETING_CHARS_MAX = 2_000;
export const LANGUAGE_CHARS_MAX = 35;
export const MEMORY_CHARS_MAX = 1_000;
