import { type SoloApi, SoloError } from "../../api/index.ts";
import type { SoloClient } from "../../client/index.ts";
import { pause } from "../../system/index.ts";
import type { Resumption } from "../beginning.ts";
import type { Session } from "../session.ts";

type Opened<T> = (
  api: Pick<SoloApi, "logs" | "events" | "stateWatch" | "audit" | "auditAll">,
  resumption: Resumption | undefined,
  follow: boolean,
) => AsyncIterable<T>;

/**
 * The elements of a stream that is followed, over the ends of its kernel: the next kernel is awaited for a while, and asked
 * for what comes after the last element. Without a kernel, this machine's files give what they hold first.
 *
 * @throws SoloError `unreachable` when a kernel that died does not come back; the stream just ends when one was stopped
 */
export async function* followStream<T extends { readonly cursor: string }>(
  session: Session,
  open: Opened<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const kernel = await session.kernel();
  const began = new Date().toISOString();
  let cursor: string | undefined;
  async function* noted(elements: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const element of elements) {
      cursor = element.cursor;
      yield element;
    }
  }
  // An address that leads nowhere is told at once; only a kernel that was there is waited for.
  if (!session.isLocal) await kernel.health({}, signal);
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const resumption = isFirst ? undefined : { cursor, began };
    let loss: SoloError | undefined;
    try {
      yield* noted(open(kernel, resumption, true));
    } catch (thrown) {
      if (!isUnreachable(thrown)) throw thrown;
      loss = thrown;
    }
    if (signal.aborted) return;
    if (loss && isFirst && cursor === undefined && session.isOwner) {
      yield* noted(open(await (await session.door()).openReadOnly(session.config), undefined, false));
    }
    await session.output.note(loss ? "no kernel answers; waiting for one" : "the kernel was stopped");
    const isComing = loss ? await comesBack(session) : () => false;
    if (!(await answersAgain(kernel, isComing, signal))) {
      if (loss && !signal.aborted) throw loss;
      return;
    }
    await session.output.note("a kernel answers again");
  }
}

/** A look at whether someone starts the next kernel: surely nobody does on this machine when no guardian is left. */
async function comesBack(session: Session): Promise<() => boolean> {
  if (!session.isLocal) return () => true;
  const door = await session.door();
  return () => door.isGuarded(session.config);
}

/** Whether a kernel answers in time. Pauses double, so that one that takes long is not disturbed. */
async function answersAgain(kernel: SoloClient, isComing: () => boolean, signal: AbortSignal): Promise<boolean> {
  const begin = performance.now();
  for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    await pause(pauseMs, signal);
    try {
      await kernel.health({}, signal);
      return true;
    } catch (thrown) {
      if (signal.aborted) return false;
      if (!isUnreachable(thrown)) throw thrown;
    }
    const waitedMs = performance.now() - begin;
    if (waitedMs > comingMs || (waitedMs > stoppedMs && !isComing())) return false;
  }
  return false;
}

function isUnreachable(thrown: unknown): thrown is SoloError {
  return thrown instanceof SoloError && thrown.code === "unreachable";
}

/** A guardian whose kernels keep crashing waits up to 30 s before the next. */
const comingMs = 35_000;
/** Enough for `solo stop --keep-services` and `solo start`, as in an upgrade. */
const stoppedMs = 3_000;
const firstPauseMs = 25;
const longestPauseMs = 1_000;
