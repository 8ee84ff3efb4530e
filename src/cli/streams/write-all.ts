import { SoloError } from "../../api/index.ts";
import { isStdoutClosed } from "./closed-stdout.ts";

/** Nobody reads what this process prints any more (`solo logs -f x | head -1`): no failure, they had all they wanted. */
export class ReaderGone extends Error {
  constructor() {
    super("the reader of the output is gone");
  }
}

/**
 * Writes and waits until the stream has taken it, so that a slow reader slows this process instead of filling its memory.
 * @throws ReaderGone, or SoloError `storage_full` or `io_error` when the output can't be written
 */
export async function writeAll(stream: NodeJS.WriteStream, text: string | Uint8Array): Promise<void> {
  if (stream !== process.stderr) await refuseClosed();
  // The callback tells a failure; without a listener the stream would end the process on top.
  if (stream.listenerCount("error") === 0) stream.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    stream.write(text, (error) => {
      if (error) reject(failureOf(error, stream === process.stderr ? "stderr" : "stdout"));
      else resolve();
    });
  });
}

/**
 * Writes to stdout, waiting where the reader is slow, by Bun's own means: `process.stdout` costs 2.5 ms when it is first
 * touched, and `node:fs` one, more than a kernel takes to answer.
 * @throws what `writeAll` throws
 */
export async function writeResult(text: string): Promise<void> {
  await refuseClosed();
  try {
    await Bun.write(Bun.stdout, text);
  } catch (thrown) {
    throw thrown instanceof Error ? failureOf(thrown, "stdout") : thrown;
  }
}

let isChecked = false;

/** @throws SoloError `io_error` when there is no stdout to write to */
async function refuseClosed(): Promise<void> {
  if (!isChecked && (await isStdoutClosed())) throw failureOf(new Error("it is closed"), "stdout");
  isChecked = true;
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}

function failureOf(error: Error, name: string): Error {
  const code = codeOf(error);
  if (code === "EPIPE") return new ReaderGone();
  return new SoloError(
    code === "ENOSPC" ? "storage_full" : "io_error",
    `${name}: can't be written (${error.message})`,
    {
      hint: "check where the output is redirected to",
      applied: "unknown",
      cause: error,
    },
  );
}
