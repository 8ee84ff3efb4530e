/** Where time comes from. Handed down by the kernel, so that tests and simulators can put their own in its place. */
export interface Clock {
  /** Wall time in milliseconds since 1970 (UTC). May jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds since an arbitrary moment. Never goes back: for durations and deadlines. */
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
