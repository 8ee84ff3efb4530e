import type { ServiceRow } from "../../api/index.ts";
import { pause } from "../../system/index.ts";
import type { Output } from "../output.ts";
import { isInteractive } from "../style.ts";
import { renderWatched, type Watched } from "./watched.ts";

/** A line of `status --watch --json`. */
export type WatchLine = Watched & { readonly type: "status"; readonly time: string; readonly cursor: string };

export interface WatchOptions {
  readonly intervalMs: number;
  /** Begin when the status is no longer the one of this cursor. */
  readonly sinceCursor: string | undefined;
  readonly signal: AbortSignal;
}

/** Drawn in place on a terminal; a line per change with `--json`, a block per change elsewhere. */
export async function showWatched(read: () => Promise<Watched>, options: WatchOptions, output: Output): Promise<void> {
  if (!output.json && isInteractive(process.stdout)) {
    const { drawWatch } = await import("../views/watch-status.tsx");
    return drawWatch({
      read,
      intervalMs: options.intervalMs,
      signal: options.signal,
      style: (await output.view()).style,
    });
  }
  for await (const line of watchChanges(read, options)) await output.element(line, renderWatched);
}

/**
 * Reads again and again until the signal aborts, and yields when something changed that is not merely a figure: states,
 * instances, restarts, revisions. The first reading is yielded unless its cursor is the one that the caller has seen.
 */
async function* watchChanges(read: () => Promise<Watched>, options: WatchOptions): AsyncGenerator<WatchLine> {
  let seen = options.sinceCursor;
  while (!options.signal.aborted) {
    const document = await read();
    const cursor = cursorOf(document);
    if (cursor !== seen) yield { type: "status", time: new Date().toISOString(), cursor, ...document };
    seen = cursor;
    await pause(options.intervalMs, options.signal);
  }
}

/** The same for two readings that differ only in uptime, memory and load. */
function cursorOf(document: Watched): string {
  const facts =
    "kernel" in document
      ? [document.kernel?.pid, document.kernel?.status, document.services.map(essence)]
      : [essence(document), document.health.status, document.instances.map(({ id, pid, state }) => [id, pid, state])];
  return Bun.hash.xxHash3(JSON.stringify(facts)).toString(36);
}

function essence({ service, revision, state, replicas, ready, restarts, url }: ServiceRow): unknown[] {
  return [service, revision, state, replicas, ready, restarts, url];
}
