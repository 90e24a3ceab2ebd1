/** How long to wait before connecting again: a random part of a time that doubles, so that many clients do not come at once. */

/** The first wait is at most this. */
export const BACK_OFF_FIRST_MS = 500;

/** Every wait is at most this. */
export const BACK_OFF_MAX_MS = 15_000;

/** The waits of one connection, with full jitter. */
export class BackOff {
  private ceiling = BACK_OFF_FIRST_MS;

  constructor(private readonly random: () => number) {}

  /** The next wait in milliseconds. */
  next(): number {
    const wait = this.random() * this.ceiling;
    this.ceiling = Math.min(this.ceiling * 2, BACK_OFF_MAX_MS);
    return wait;
  }

  /** The connection stands: the next loss is a first one again. */
  reset(): void {
    this.ceiling = BACK_OFF_FIRST_MS;
  }
}
