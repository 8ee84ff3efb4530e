import type { SoloError } from "../../api/index.ts";
import { Batches } from "./batches.ts";
import type { FirstSignal } from "./first-signal.ts";

/**
 * An operation's elements as NDJSON. Elements are taken only as fast as the client reads; a silent stream sends an empty line
 * now and then, so that both sides notice when the other is gone. A failure before the first element is thrown; a later one
 * is the stream's last line, `{"type":"error","time":…,"error":{…}}`.
 */
export async function streamBody(
  elements: AsyncIterable<unknown>,
  { signal, release }: FirstSignal,
  report: (thrown: unknown) => SoloError,
): Promise<ReadableStream<Uint8Array>> {
  const batches = new Batches(elements[Symbol.asyncIterator]());
  // Fails here if it fails at once; if nothing comes for a while, the client gets its headers and waits with us.
  await batches.first(firstElementMs);
  signal.addEventListener("abort", () => batches.end(), { once: true });
  let patienceMs = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { lines, outcome } = await batches.next(chunkBytes, patienceMs);
        patienceMs = heartbeatMs;
        if (outcome.type === "failed" && !signal.aborted) {
          lines.push(lastLine(report(outcome.error)));
        }
        controller.enqueue(encoder.encode(lines.length > 0 ? `${lines.join("\n")}\n` : "\n"));
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

function lastLine(error: SoloError): string {
  return JSON.stringify({ type: "error", time: new Date().toISOString(), ...error.toDocument() });
}

const encoder = new TextEncoder();
/** A failure that takes longer than this is told in the stream instead of in the status. */
const firstElementMs = 100;
/** Shorter than the 60 s after which clients and proxies give up on a silent connection. */
const heartbeatMs = 15_000;
const chunkBytes = 16_384;
