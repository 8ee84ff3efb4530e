/**
 * Writes and waits until the stream has taken it, so that a slow reader slows this process instead of filling its memory.
 * When the reader is gone (`solo logs -f x | head -1`), the process ends at once and quietly: it had all it wanted.
 */
export function writeAll(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (!error) resolve();
      else if ("code" in error && error.code === "EPIPE") process.exit(0);
      else reject(error);
    });
  });
}
