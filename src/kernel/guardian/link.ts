import type { GuardianMessage } from "./protocol.ts";

/** The kernel's end of the channel to its guardian. Every call is safe when there is none, or none any more. */
export interface GuardianLink {
  /** The guardian's pid; `undefined` without one. */
  readonly pid: number | undefined;
  /** Tells that this kernel serves: from now on its death is a crash to recover from, not a failure to start. */
  ready(): void;
  /** Has the guardian keep the read side of a FIFO open, so that what is written while no kernel runs is kept. */
  hold(fifo: string): void;
  drop(fifo: string): void;
  /** Drops every FIFO that isn't named. */
  keep(fifos: readonly string[]): void;
  /** Calls back once when the guardian is gone. Never without one. */
  onGone(callback: () => void): void;
}

/** Whether a guardian started this process is seen from the IPC channel it was given. */
export function linkGuardian(): GuardianLink {
  const pid = process.send === undefined ? undefined : process.ppid;
  let gone = pid === undefined;
  const send = (message: GuardianMessage) => {
    if (gone) return;
    try {
      process.send?.(message);
    } catch {
      gone = true;
    }
  };
  process.once("disconnect", () => {
    gone = true;
  });
  return {
    pid,
    ready: () => send({ ready: true }),
    hold: (fifo) => send({ hold: fifo }),
    drop: (fifo) => send({ drop: fifo }),
    keep: (fifos) => send({ keep: fifos }),
    onGone(callback) {
      if (pid !== undefined) process.once("disconnect", callback);
    },
  };
}
