import { type LogLine, type SoloApi, SoloError } from "../api/index.ts";
import type { Output } from "./output.ts";
import { logLineRenderer } from "./render/log-line.ts";
import { ReaderGone, writeAll } from "./streams/write-all.ts";

export interface RunTarget {
  readonly tenant: string;
  readonly name: string;
}

/** What a service in the foreground prints, as it comes and to the last line; its stderr goes to stderr. */
export class RunOutput {
  readonly #kernel: Pick<SoloApi, "logs">;
  readonly #target: RunTarget;
  readonly #output: Output;
  readonly #render = logLineRenderer({ timestamps: false });
  readonly #since = new Date().toISOString();
  readonly #leaving = new AbortController();
  readonly #gone = new AbortController();
  #failure: unknown;
  #following: Promise<unknown> = Promise.resolve();
  /** Of the last line shown. */
  #cursor: string | undefined;

  constructor(kernel: Pick<SoloApi, "logs">, target: RunTarget, output: Output) {
    this.#kernel = kernel;
    this.#target = target;
    this.#output = output;
  }

  /** Aborted when nobody reads the output any more. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  follow(): void {
    this.#following = this.#showWhileRunning().catch(this.#noteFailure);
  }

  /** Shows what is in the log and was not shown yet. To be called when the service can write no more. */
  async finish(): Promise<void> {
    this.#leaving.abort();
    await this.#following;
    if (!this.#gone.signal.aborted) await this.#show(false).catch(unlessUnknown).catch(this.#noteFailure);
  }

  /** Throws what kept output from being shown, other than that nobody wanted it. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  readonly #noteFailure = (thrown: unknown): void => {
    if (!(thrown instanceof ReaderGone)) this.#failure = thrown;
    this.#gone.abort();
  };

  async #showWhileRunning(): Promise<void> {
    const { signal } = this.#leaving;
    while (!signal.aborted) {
      const isKnown = await this.#show(true).then(() => true, unlessUnknown);
      if (isKnown) return;
      // It takes a moment until the kernel knows the service.
      await Bun.sleep(retryMs);
    }
  }

  async #show(follow: boolean): Promise<void> {
    const from = this.#cursor === undefined ? { since: this.#since } : { since_cursor: this.#cursor };
    for await (const line of this.#kernel.logs(
      { ...this.#target, follow, ...from },
      follow ? this.#leaving.signal : undefined,
    ))
      await this.#print(line);
  }

  async #print(line: LogLine): Promise<void> {
    this.#cursor = line.cursor;
    if (this.#output.json || line.stream === "stdout") await this.#output.element(line, this.#render);
    else await writeAll(process.stderr, `${line.message}\n`);
  }
}

function unlessUnknown(thrown: unknown): false {
  if (thrown instanceof SoloError && thrown.code === "not_found") return false;
  throw thrown;
}

const retryMs = 5;
