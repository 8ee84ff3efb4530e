import type { ErrorDocument } from "../../api/error.ts";
import type { OperationInput, OperationOutput } from "../../api/operations.ts";
import type { Client } from "./client.ts";
import { ApiFailure, toFailure } from "./failure.ts";
import { serverSentEvents } from "./server-sent-events.ts";

/** Streams that go on: what comes has a place in them, from which they can be taken up again. */
export type Followed = "logs" | "events" | "audit";

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Told when the connection was lost, and when it is there again. */
  readonly onConnected: (connected: boolean) => void;
}

/**
 * Elements of a stream in the order of their coming, in the portions in which they came. A connection that breaks, or is
 * silent for longer than the kernel's heartbeats allow, is made again, and goes on behind the last element that was taken.
 * @throws ApiFailure when the kernel refuses, or the stream fails for good
 */
export async function* follow<Name extends Followed>(
  client: Client,
  name: Name,
  input: OperationInput<Name>,
  { signal, onConnected }: FollowOptions,
): AsyncGenerator<OperationOutput[Name][]> {
  let last: string | undefined;
  let waitMs = firstWaitMs;
  while (!signal.aborted) {
    try {
      // `tail` is for the beginning: behind an element, all that follows is wanted.
      const wanted = last === undefined ? input : { ...input, tail: undefined };
      const headers = { accept: "text/event-stream", ...(last !== undefined && { "last-event-id": last }) };
      const { body } = await client.open(name, wanted, { signal, headers });
      onConnected(true);
      if (body === null) throw new TypeError("an answer without a body");
      for await (const events of serverSentEvents(body)) {
        waitMs = firstWaitMs;
        const elements: OperationOutput[Name][] = [];
        for (const { event, data, id } of events) {
          if (event === "failure") throw failureIn(data);
          last = id ?? last;
          elements.push(JSON.parse(data));
        }
        if (elements.length > 0) yield elements;
      }
    } catch (thrown) {
      if (signal.aborted) return;
      const failure = toFailure(thrown);
      if (!failure.retryable && failure.status !== 0) throw failure;
    }
    if (signal.aborted) return;
    onConnected(false);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    waitMs = Math.min(waitMs * 2, longestWaitMs);
  }
}

function failureIn(data: string): ApiFailure {
  const { error }: ErrorDocument = JSON.parse(data);
  return new ApiFailure(error.retryable ? 0 : 500, error);
}

const firstWaitMs = 500;
const longestWaitMs = 10_000;
