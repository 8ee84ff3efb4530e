import type { Subprocess } from "bun";
import { cleanEnvironment } from "../../../system/index.ts";
import type { BuildAnswer, BuildRequest } from "./job.ts";

/** Longest build. The bundler handles about a hundred modules in 10 ms; what takes a minute hangs. */
const buildTimeoutMs = 60_000;

/** An idle builder ends, so that a kernel at rest costs only itself. */
const idleMs = 2_000;

export interface BuilderEvents {
  answered(answer: BuildAnswer): void;
  /** It has had nothing to do and is about to end: what is sent to it from now on would be lost. */
  ending(): void;
  /** The process is gone. `unanswered` are the jobs it had, the one it worked on first. */
  ended(unanswered: readonly BuildRequest[], reason: string): void;
}

/** One builder process. It works through its jobs in the order in which they came. */
export class BuilderProcess {
  readonly #process: Subprocess;
  readonly #unanswered = new Map<number, BuildRequest>();
  #timer: NodeJS.Timeout | undefined;
  #timedOut = false;
  #retired = false;
  readonly #events: BuilderEvents;

  constructor(command: readonly string[], events: BuilderEvents) {
    this.#events = events;
    this.#process = Bun.spawn({
      cmd: [...command],
      // The working directory decides whose `.env` and `bunfig.toml` a Bun in development reads.
      cwd: "/",
      env: cleanEnvironment(),
      stdin: "ignore",
      stdout: "ignore",
      stderr: "inherit",
      serialization: "json",
      ipc: (answer: BuildAnswer) => {
        this.#unanswered.delete(answer.id);
        this.#watch();
        events.answered(answer);
      },
      onExit: (_process, code, signal) => {
        clearTimeout(this.#timer);
        const reason = this.#timedOut ? `took longer than ${buildTimeoutMs} ms` : `ended with ${signal ?? code}`;
        events.ended([...this.#unanswered.values()], reason);
      },
    });
    this.#process.unref();
  }

  send(request: BuildRequest): void {
    this.#unanswered.set(request.id, request);
    this.#process.send(request);
    this.#watch();
  }

  /** Gets no more jobs: ends when it has answered those it has. */
  retire(): void {
    this.#retired = true;
    this.#watch();
  }

  #watch(): void {
    clearTimeout(this.#timer);
    const busy = this.#unanswered.size > 0;
    if (!busy && this.#retired) {
      this.#process.kill("SIGKILL");
      return;
    }
    this.#timer = setTimeout(
      () => {
        this.#timedOut = busy;
        this.#events.ending();
        this.#process.kill("SIGKILL");
      },
      busy ? buildTimeoutMs : idleMs,
    );
    this.#timer.unref();
  }
}
