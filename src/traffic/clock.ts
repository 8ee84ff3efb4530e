/** A clock read once per tick and per wake-up, since deadlines need no more: asking the system costs more than a parse. */
export class Clock {
  /** Milliseconds; monotonic. */
  now = performance.now();

  update(): void {
    this.now = performance.now();
  }
}
