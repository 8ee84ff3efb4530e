import { join } from "node:path";
import { SoloError } from "../../api/error.ts";
import { type DurableLog, type FileSystem, openLog } from "../../store/index.ts";
import type { Clock } from "../../system/index.ts";
import { stateFailure } from "../failure/index.ts";
import { ChangedKeys } from "./changed-keys.ts";
import { DiskTable } from "./disk-table.ts";
import { decodeEntry, EntryDecoder, EntryEncoder, entryKinds } from "./entry-format.ts";
import { LatestMutations } from "./latest-mutations.ts";
import { PositionIndex } from "./position-index.ts";
import { RecordAssembler } from "./records.ts";
import { LoggedState } from "./service-state.ts";
import { Table } from "./table.ts";
import { Turns } from "./turns.ts";
import type { ServiceState, StateSettings } from "./types.ts";

export interface OpenStateOptions extends Partial<StateSettings> {
  readonly clock: Clock;
  /** Default: the machine's own. */
  readonly files?: FileSystem;
  /** Longest log segment, in bytes; default 64 MiB. History is freed segment by segment. */
  readonly segmentBytes?: number;
  /** A state that is made now counts its positions from here on; default 0. */
  readonly startAfter?: number;
}

const defaultSettings: StateSettings = {
  durability: "sync",
  flush_ms: 5_000,
  flushed_at_once: [],
  quota: {},
};

/** A flush brings at most this much of the log into memory at once; entries that nobody waits for are durable so soon. */
const asyncWindowMs = 50;

/** The log's buffer bounds what a crash can lose, and an entry takes 40 bytes of it at least: fewer entries than this. */
const logBufferBytes = 32 * 2 ** 20;
const positionsAtRisk = 2 ** 20;

/** What is found in the log behind the table. */
interface Replay {
  readonly position: number;
  readonly count: number;
  readonly isClean: boolean;
  readonly changed: ChangedKeys;
}

/**
 * Opens the state in a folder, making it if there is none: the flushed table, then the log behind it.
 * @throws SoloError `locked`, `storage_corrupt`, `data_too_new`, `storage_full`, `io_error`
 */
export async function openState(folder: string, options: OpenStateOptions): Promise<ServiceState> {
  const { clock, files, segmentBytes, startAfter = 0 } = options;
  const settings: StateSettings = { ...defaultSettings, ...definedOf(options) };
  let log: DurableLog | undefined;
  try {
    const began = clock.monotonic();
    log = await openLog(join(folder, "wal"), {
      windowMs: asyncWindowMs,
      bufferBytes: logBufferBytes,
      ...(files !== undefined && { files }),
      ...(segmentBytes !== undefined && { segmentBytes }),
    });
    const table = new Table();
    const disk = await DiskTable.open(folder, table, files);
    checkTogether(folder, log, disk);
    const index = new PositionIndex();
    const isNew = log.stats().nextSequence === 1;
    const found = await replay(log, table, disk.mark, index);
    const last = isNew ? startAfter : found.position;
    const position = found.isClean ? last : last + positionsAtRisk;
    const encoder = new EntryEncoder();
    const { begin, goneUntil } = await beginning(log, position);
    const mark = { position, time: clock.now(), origin: "kernel", mutations: [] };
    await log.appendDurably(encoder.encode(entryKinds.opened, mark));
    const recovery = { replayed: found.count, took_ms: clock.monotonic() - began, clean: found.isClean };
    const state = new LoggedState(
      { log, disk, table, index, encoder, clock, recovery, position, begin, goneUntil },
      settings,
    );
    state.noteUnflushed(found.changed);
    return state;
  } catch (error) {
    // Whatever closing it says: it was not opened.
    await log?.close().catch(() => undefined);
    throw withWayOut(stateFailure(error));
  }
}

async function replay(log: DurableLog, table: Table, from: DiskTable["mark"], index: PositionIndex): Promise<Replay> {
  const assembler = new RecordAssembler();
  const decoder = new EntryDecoder();
  const latest = new LatestMutations();
  const changed = new ChangedKeys();
  const turns = new Turns();
  const apply = () => latest.applyTo(table, turns, (mutation, version) => changed.note(mutation, version));
  let { position } = from;
  let count = 0;
  let isClean = log.stats().nextSequence === 1;
  for await (const page of log.scanPages({ from: from.address })) {
    for (const entry of page) {
      if (turns.isDue()) await turns.next();
      const decoded = decoder.decode(entry.payload);
      isClean = decoded.kind === entryKinds.closed;
      if (decoded.position > position) position = decoded.position;
      const placed = assembler.takeDecoded(decoded, entry);
      if (placed === undefined) continue;
      const { record } = placed;
      index.note(record.position, placed.address);
      count++;
      for (const mutation of record.mutations) latest.note(mutation, record.position);
      if (latest.isFull) await apply();
    }
  }
  await apply();
  return { position, count, isClean, changed };
}

/**
 * A log goes on where its table ends. One that was lost, cut or replaced would leave out what was acknowledged.
 * @throws SoloError `storage_corrupt`
 */
function checkTogether(folder: string, log: DurableLog, { mark }: DiskTable): void {
  if (log.begin <= mark.address && mark.address <= log.tail) return;
  const problem = mark.address > log.tail ? "ends before what the table has" : "begins behind what the table has";
  throw new SoloError("storage_corrupt", `${folder}: the log ${problem}, so entries are missing in between`);
}

/** Whatever is damaged: a checkpoint can take its place. */
function withWayOut(error: SoloError): SoloError {
  const { code, message, applied } = error;
  if (code !== "storage_corrupt") return error;
  return new SoloError(code, message, { applied, cause: error.cause, hint: wayOut });
}

const wayOut =
  "`solo checkpoint restore NAME latest` puts the newest checkpoint in its place and keeps the damaged files";

/** Position of the oldest record that the log has, and of the last one that it hasn't. */
async function beginning(log: DurableLog, position: number): Promise<{ begin: number | undefined; goneUntil: number }> {
  let goneUntil: number | undefined;
  for await (const page of log.scanPages()) {
    for (const entry of page) {
      const found = decodeEntry(entry.payload);
      const isRecord = found.kind !== entryKinds.opened && found.kind !== entryKinds.closed;
      // A log that was never cut has all from the position on with which it was made.
      if (log.begin === 0) goneUntil ??= isRecord ? 0 : found.position;
      if (isRecord) return { begin: found.position, goneUntil: goneUntil ?? found.position - 1 };
    }
  }
  return { begin: undefined, goneUntil: goneUntil ?? position };
}

function definedOf({ durability, flush_ms, flushed_at_once, quota }: OpenStateOptions): Partial<StateSettings> {
  return {
    ...(durability !== undefined && { durability }),
    ...(flush_ms !== undefined && { flush_ms }),
    ...(flushed_at_once !== undefined && { flushed_at_once }),
    ...(quota !== undefined && { quota }),
  };
}
