import { onTestFinished } from "bun:test";
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogLine } from "../../../../src/api/index.ts";
import { LogStore, type LogStoreOptions } from "../../../../src/observe/logs/index.ts";
import { makeFifo, Poller } from "../../../../src/system/index.ts";

export const ref = { tenant: "default", name: "api" };
export const everything = { ...ref, follow: false };

/** A folder that is gone after the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "solo-logs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store in a folder of its own, closed after the test. */
export function scratchStore(options: Partial<LogStoreOptions> = {}) {
  const folder = scratchFolder();
  const poller = new Poller();
  const directory = join(folder, "logs");
  const store = new LogStore({ directory, poller, ...options });
  onTestFinished(() => {
    store.close();
    poller.close();
  });
  return { store, poller, folder, logs: join(directory, ref.tenant, ref.name) };
}

/** Runs a program with its standard output in a FIFO that the store captures; returns when all of it is in the log. */
export async function captureProgram(
  { store, folder }: { store: LogStore; folder: string },
  command: string[],
  { instance = "api-1", budgetBytes = 64_000_000, name = ref.name } = {},
): Promise<void> {
  const fifo = join(folder, `${name}-${instance}.out`);
  makeFifo(fifo);
  const capture = store.capture({ ref: { ...ref, name }, instance, stream: "stdout", fifo, budgetBytes });
  const stdout = openSync(fifo, "w");
  const child = Bun.spawn(command, { stdin: "ignore", stdout, stderr: "ignore" });
  closeSync(stdout);
  await child.exited;
  await capture.drained(30_000);
  capture.close();
}

export async function collect(lines: AsyncIterable<LogLine>): Promise<LogLine[]> {
  const all: LogLine[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

export async function messages(lines: AsyncIterable<LogLine>): Promise<string[]> {
  return (await collect(lines)).map(({ message }) => message);
}

export function diskBytes(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
