import type { Writable } from "node:stream";
import type { BatchedSocket } from "./batched-socket.ts";

export interface WriteOptions<Element> {
  readonly encode: (element: Element) => Buffer;
  readonly signal: AbortSignal;
  /** What it is written to in the end. */
  readonly connection: Pick<BatchedSocket, "room"> | undefined;
}

/** Writes elements as fast as the reader takes them, until they end or the signal is aborted. */
export async function writeAll<Element>(
  elements: AsyncIterable<Element>,
  writable: Writable,
  { encode, signal, connection }: WriteOptions<Element>,
): Promise<void> {
  for await (const element of elements) {
    if (signal.aborted) return;
    if (!writable.write(encode(element))) await drained(writable, signal);
    // A peer that has gone gives room too.
    await connection?.room(signal);
  }
}

function drained(writable: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      writable.off("drain", done);
      writable.off("close", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    writable.on("drain", done);
    writable.on("close", done);
    signal.addEventListener("abort", done);
    if (signal.aborted || writable.destroyed) done();
  });
}
