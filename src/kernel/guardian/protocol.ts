/** What kernel and guardian say to each other over the IPC channel, and what a kernel's exit code tells its guardian. */
export const kernelExit = {
  /** An ordered stop: the guardian ends too. */
  ordered: 0,
  /** Another kernel holds the lock on the data folder (`EX_TEMPFAIL`): the guardian leaves the field to it. */
  locked: 75,
  /** Starting again would fail in the same way: bad configuration, damaged database, port in use (`EX_CONFIG`). */
  fatal: 78,
} as const;

/** From the kernel. `keep` names every FIFO that is still needed: a new kernel sends it when it has adopted. */
export type GuardianMessage =
  | { readonly ready: true }
  | { readonly hold: string }
  | { readonly drop: string }
  | { readonly keep: readonly string[] };

/** Checked by hand: the guardian loads no validator. `undefined` for anything else. */
export function parseGuardianMessage(message: unknown): GuardianMessage | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  if ("ready" in message && message.ready === true) return { ready: true };
  if ("hold" in message && typeof message.hold === "string") return { hold: message.hold };
  if ("drop" in message && typeof message.drop === "string") return { drop: message.drop };
  if ("keep" in message && Array.isArray(message.keep)) {
    return { keep: message.keep.filter((path) => typeof path === "string") };
  }
  return undefined;
}
