import { SoloError } from "../../api/error.ts";
import type { LogRecord, ServiceState, StateEntry, StateSource } from "../core/types.ts";
import { onOwnLog } from "./info.ts";
import { LogChanges } from "./log-changes.ts";
import type { StoredInfo } from "./retention.ts";
import { turn } from "./write-file.ts";

/** A point in a service's past: a checkpoint, what was so behind a position, or at a time (milliseconds since 1970). */
export type Point = { readonly id: string } | { readonly position: number } | { readonly time: number };

/** A way to a point: from a checkpoint (or from nothing), along the log behind it. */
export interface Way {
  readonly base: StoredInfo | undefined;
  /** The last record that is applied is the last one that this accepts; null: none is read. */
  readonly until: ((record: Pick<LogRecord, "position" | "time">) => boolean) | null;
}

/**
 * The ways to a point, the shortest first: each begins at an earlier checkpoint than the one before, for when that is damaged.
 * @throws SoloError `conflict` when the point lies before everything that is kept, `invalid_request` when it is to come
 */
export function waysTo(
  point: Point,
  checkpoints: readonly StoredInfo[],
  state: Pick<ServiceState, "position" | "stats">,
  now: number,
): Way[] {
  const own = onOwnLog(checkpoints);
  if ("id" in point) {
    const chosen = checkpoints.find(({ id }) => id === point.id);
    if (chosen === undefined) throw new SoloError("not_found", `there is no checkpoint ${point.id}`);
    const { position } = chosen;
    const exact: Way = { base: chosen, until: null };
    // A log says nothing of files.
    if (chosen.foreign !== null || chosen.files > 0) return [exact];
    return [
      exact,
      ...ways(
        own.filter((info) => info !== chosen && info.position <= position),
        byPosition(position),
        state,
      ),
    ];
  }
  if ("position" in point) {
    const { position } = point;
    if (position > state.position) {
      throw new SoloError("invalid_request", `position ${position} is to come: the state is at ${state.position}`);
    }
    return covered(
      ways(
        own.filter((info) => info.position <= position),
        byPosition(position),
        state,
      ),
      `position ${position}`,
      own,
    );
  }
  const { time } = point;
  const asked = new Date(time).toISOString();
  if (time > now) throw new SoloError("invalid_request", `${asked} is to come`);
  return covered(
    ways(
      own.filter((info) => info.time <= time),
      (record) => record.time <= time,
      state,
    ),
    asked,
    own,
  );
}

function byPosition(position: number): NonNullable<Way["until"]> {
  return (record) => record.position <= position;
}

function ways(
  bases: readonly StoredInfo[],
  until: NonNullable<Way["until"]>,
  state: Pick<ServiceState, "stats">,
): Way[] {
  const found: Way[] = bases.toReversed().map((base) => ({ base, until }));
  const { begin_position } = state.stats();
  // Positions begin at 1: a log that still has the first one needs no checkpoint before it.
  if (begin_position === 1) found.push({ base: undefined, until });
  return found;
}

function covered(found: Way[], what: string, own: readonly StoredInfo[]): Way[] {
  if (found.length > 0) return found;
  const [oldest] = own;
  throw new SoloError("conflict", `${what} is not covered: it lies before everything that is kept`, {
    hint:
      oldest === undefined
        ? "there is no checkpoint, and the log doesn't begin at the service's first entry"
        : `the oldest point is checkpoint ${oldest.id}, position ${oldest.position} of ${new Date(oldest.time).toISOString()}`,
  });
}

/** The state at a point. */
export interface PastState extends StateSource {
  entries(): AsyncIterable<StateEntry>;
  batches(): AsyncIterable<Iterable<StateEntry>>;
  /** Of the last entry that it has. */
  readonly position: number;
  readonly time: number;
  /** Log records that were applied on top of the checkpoint. */
  readonly replayed: number;
}

/** What a checkpoint holds, and nothing else. */
export function pastState({ position, time }: StoredInfo, read: () => AsyncIterable<Iterable<StateEntry>>): PastState {
  return { position, time, replayed: 0, batches: read, entries: () => flat(read()) };
}

/**
 * Follows a way. What the log changed is held in memory; the checkpoint is read when the entries are.
 * @param read the entries of the way's checkpoint
 * @throws SoloError `conflict` when the log doesn't reach so far back
 */
export async function pastOn(
  { base, until }: Way,
  state: Pick<ServiceState, "history">,
  read: () => AsyncIterable<Iterable<StateEntry>>,
): Promise<PastState> {
  const changes = new LogChanges();
  let [position, time, replayed, noted] = [base?.position ?? 0, base?.time ?? 0, 0, 0];
  if (until !== null) {
    for await (const record of state.history(position)) {
      if (!until(record)) break;
      for (const mutation of record.mutations) changes.note(mutation, record.position);
      ({ position, time } = record);
      replayed++;
      noted += 1 + record.mutations.length;
      if (noted < mutationsBetweenTurns) continue;
      noted = 0;
      await turn();
    }
  }
  const batches = () => {
    const kept = base === undefined ? nothing() : read();
    return changes.isEmpty ? kept : changes.over(kept);
  };
  return { position, time, replayed, batches, entries: () => flat(batches()) };
}

const mutationsBetweenTurns = 2_000;

async function* flat(batches: AsyncIterable<Iterable<StateEntry>>): AsyncGenerator<StateEntry> {
  for await (const batch of batches) yield* batch;
}

async function* nothing(): AsyncGenerator<never> {}
