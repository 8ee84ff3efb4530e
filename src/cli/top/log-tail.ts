import type { LogLine, SoloApi } from "../../api/index.ts";
import { pause } from "../../system/index.ts";

/** A line as it may be drawn: nothing in it moves the cursor or colours what is not its own. */
export interface TailLine {
  /** Counted, so that a view can tell lines apart. */
  readonly id: number;
  readonly service: string;
  readonly level: LogLine["level"];
  readonly text: string;
}

/** The last log lines of some services, followed. */
export class LogTail {
  readonly #kernel: Pick<SoloApi, "logs">;
  readonly #tenant: string;
  readonly #lines: TailLine[] = [];
  #count = 0;
  #end = new AbortController();

  constructor(kernel: Pick<SoloApi, "logs">, tenant: string) {
    this.#kernel = kernel;
    this.#tenant = tenant;
  }

  /** Counts changes, so that a view knows when to draw. */
  changes = 0;

  /** Oldest first. */
  get lines(): readonly TailLine[] {
    return this.#lines;
  }

  /** Follows these services from now on, and forgets the lines of others. */
  follow(services: readonly string[]): void {
    this.close();
    this.#end = new AbortController();
    for (const name of services) void this.#followOne(name, this.#end.signal);
  }

  close(): void {
    this.#end.abort();
    this.#lines.length = 0;
    this.changes += 1;
  }

  /** Over the kernel's absence and the service's: a view goes on for as long as someone looks at it. */
  async #followOne(name: string, signal: AbortSignal): Promise<void> {
    let cursor: string | undefined;
    while (!signal.aborted) {
      const since = cursor === undefined ? { tail: firstLines } : { since_cursor: cursor };
      try {
        for await (const line of this.#kernel.logs({ tenant: this.#tenant, name, follow: true, ...since }, signal)) {
          if (signal.aborted) return;
          cursor = line.cursor;
          this.#add(line);
        }
      } catch {
        // What keeps the lines away is shown above them: the list can't be read either.
      }
      await pause(retryMs, signal);
    }
  }

  #add({ service, level, message }: LogLine): void {
    this.#lines.push({ id: this.#count++, service, level, text: harmless(message) });
    if (this.#lines.length > mostLines) this.#lines.splice(0, this.#lines.length - mostLines);
    this.changes += 1;
  }
}

/** Without escape sequences and control characters, which a service could write to draw over everything else. */
export function harmless(text: string): string {
  return Bun.stripANSI(text)
    .replaceAll("\t", "  ")
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "");
}

const firstLines = 50;
const mostLines = 500;
const retryMs = 1_000;
