import { SoloError } from "../api/index.ts";

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
export function writeAll(stream: NodeJS.WriteStream, text: string): Promise<void> {
  // The callback tells a failure; without a listener the stream would end the process on top.
  if (stream.listenerCount("error") === 0) stream.on("error", () => {});
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error) reject(failureOf(error, stream));
      else resolve();
    });
  });
}

function failureOf(error: Error, stream: NodeJS.WriteStream): Error {
  const code = "code" in error ? String(error.code) : "";
  if (code === "EPIPE") return new ReaderGone();
  const name = stream === process.stderr ? "stderr" : "stdout";
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
