import { type ProcessIdentity, signalProcess } from "../../system/index.ts";

/** Ten times a second: short enough that heartbeats, probes and people hardly notice, long enough to cost next to nothing. */
const periodMs = 100;
/** It always runs for some of the time: it must go on to say that it lives. */
const leastShare = 0.1;
const SIGCONT = 18;
const SIGSTOP = 19;

export interface ThrottleOptions {
  /** The processes of the instance as they were seen last, the root first. */
  readonly members: () => readonly ProcessIdentity[];
  /** Asked before each stop: false once the instance is to end, or has another process. */
  readonly mayStop: () => boolean;
  /** Whether it is to stand still for something else, and nothing here may touch it. */
  readonly isPaused: () => boolean;
}

/**
 * Lets a process tree run for a share of the time only, by stopping and continuing it. While it is stopped, nothing but this
 * continues it: whoever lets go of it calls {@link end}. A kernel that dies within a pause leaves it stopped, and the next
 * one continues it when it takes it over.
 */
export class Throttle {
  readonly #options: ThrottleOptions;
  readonly #stopped = new Map<number, ProcessIdentity>();
  readonly #timer: ReturnType<typeof setInterval>;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #share = 1;

  /** @param share of the time in which it runs, from 0 to 1 */
  constructor(share: number, options: ThrottleOptions) {
    this.#options = options;
    this.share = share;
    this.#timer = setInterval(() => this.#period(), periodMs);
  }

  get share(): number {
    return this.#share;
  }

  set share(share: number) {
    this.#share = Math.min(1, Math.max(leastShare, share));
  }

  /** Continues all of it, for good. */
  end(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#pause);
    if (!this.#options.isPaused()) this.#continue();
  }

  #period(): void {
    if (this.#options.isPaused()) return;
    this.#continue();
    if (this.#share >= 1) return;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#stop(), this.#share * periodMs);
  }

  /** The root first, so that it starts nothing more while its children are stopped. */
  #stop(): void {
    if (this.#options.isPaused() || !this.#options.mayStop()) return;
    for (const { pid, startTime } of this.#options.members()) {
      if (signalProcess({ pid, startTime }, SIGSTOP)) this.#stopped.set(pid, { pid, startTime });
    }
  }

  #continue(): void {
    for (const identity of this.#stopped.values()) signalProcess(identity, SIGCONT);
    this.#stopped.clear();
  }
}
