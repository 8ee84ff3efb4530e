import { writeSync } from "node:fs";
import { SoloError } from "../api/index.ts";
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
  if (stream !== process.stderr) refuseClosed();
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
 * Writes to stdout by write(2), waiting where the reader is slow. `process.stdout` costs 2.5 ms when it is first touched,
 * more than a kernel takes to answer; it is still used where stdout does not block and is full.
 * @throws what `writeAll` throws
 */
export async function writeResult(text: string): Promise<void> {
  refuseClosed();
  const bytes = Buffer.from(text);
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(stdoutDescriptor, bytes, written);
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    if (codeOf(thrown) !== "EAGAIN") throw failureOf(thrown, "stdout");
    await writeAll(process.stdout, bytes.subarray(written));
  }
}

const stdoutDescriptor = 1;
let isChecked = false;

/** @throws SoloError `io_error` when there is no stdout to write to */
function refuseClosed(): void {
  if (!isChecked && isStdoutClosed()) throw failureOf(new Error("it is closed"), "stdout");
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
