import type { SoloError } from "../../api/index.ts";
import { Batches } from "./batches.ts";
import type { FirstSignal } from "./first-signal.ts";
import type { Framing } from "./framing.ts";

/**
 * An operation's elements as a body. Elements are taken only as fast as the client reads; a silent stream sends a heartbeat
 * now and then. A failure before the first element is thrown; a later one is the stream's last element,
 * `{"type":"error","time":…,"error":{…}}`.
 */
export async function streamBody(
  source: AsyncIterable<unknown>,
  framing: Framing,
  { signal, release }: FirstSignal,
  report: (thrown: unknown) => SoloError,
): Promise<ReadableStream<Uint8Array>> {
  const batches = new Batches(source[Symbol.asyncIterator](), framing.element);
  // Fails here if it fails at once; if nothing comes for a while, the client gets its headers and waits with us.
  await batches.first(firstElementMs);
  signal.addEventListener("abort", () => batches.end(), { once: true });
  let patienceMs = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { elements, outcome } = await batches.next(chunkBytes, patienceMs);
        patienceMs = heartbeatMs;
        if (outcome.type === "failed" && !signal.aborted) {
          elements.push(framing.failure(report(outcome.error).toDocument()));
        }
        controller.enqueue(encoder.encode(elements.length > 0 ? elements.join("") : framing.heartbeat));
        if (outcome.type === "open") return;
        release();
        controller.close();
      },
      cancel: () => {
        release();
        batches.end();
      },
    },
    { highWaterMark: 1 },
  );
}

const encoder = new TextEncoder();
/** A failure that takes longer than this is told in the stream instead of in the status. */
const firstElementMs = 100;
/**
 * Shorter than the 60 s after which clients and proxies give up on a silent connection, and than the 10 s after which Bun's
 * server does: a timeout that was set for the request is forgotten with the first part of the answer.
 */
const heartbeatMs = 4_000;
const chunkBytes = 16_384;
