import type { Database } from "bun:sqlite";
import type { IdempotencyRecords } from "../access/index.ts";
import { databaseError } from "./errors.ts";
import { type GroupStore, groupStore } from "./groups.ts";
import { idempotencyStore } from "./idempotency.ts";
import { type InstanceStore, instanceStore } from "./instances.ts";
import { type MetaStore, metaStore } from "./meta.ts";
import { closeForKernel, openForKernel, openForReading } from "./open.ts";
import { type RevisionStore, revisionStore } from "./revisions.ts";
import { type RolloutStore, rolloutStore } from "./rollouts.ts";
import { type ServiceStore, serviceStore } from "./services.ts";

export type { GroupRecord, GroupStore } from "./groups.ts";
export type { InstanceStore, StoredInstance } from "./instances.ts";
export type { MetaStore } from "./meta.ts";
export type { RevisionRecord, RevisionStore } from "./revisions.ts";
export type { RolloutRecord, RolloutStore } from "./rollouts.ts";
export type { DesiredState, ServiceRecord, ServiceStore } from "./services.ts";

/** kernel.db: what the kernel must remember. Every write outside {@link KernelDatabase.transaction} is one of its own. */
export interface KernelDatabase {
  readonly path: string;
  /** For the parts that keep their own table in this file (events). */
  readonly handle: Database;
  readonly services: ServiceStore;
  readonly revisions: RevisionStore;
  readonly rollouts: RolloutStore;
  readonly instances: InstanceStore;
  readonly groups: GroupStore;
  readonly meta: MetaStore;
  readonly idempotency: IdempotencyRecords;
  /**
   * Runs a synchronous function whose writes are kept all or not at all, with one sync.
   * @throws SoloError for what the disk or SQLite refuses; whatever `run` throws otherwise
   */
  transaction<Result>(run: () => Result): Result;
  close(): void;
}

/**
 * Opens kernel.db, creating or migrating it. For the kernel that holds the lock on the data folder.
 * @throws SoloError `storage_corrupt`, `data_too_new`, `storage_full`, `io_error` or `locked`
 */
export function openDatabase(path: string): KernelDatabase {
  const handle = openForKernel(path);
  return over(path, handle, () => closeForKernel(handle));
}

/**
 * Opens kernel.db to read while no kernel runs, changing no file; `undefined` when there is none. Every write fails.
 * @throws SoloError as {@link openDatabase}
 */
export function openDatabaseReadOnly(path: string): KernelDatabase | undefined {
  const handle = openForReading(path);
  return handle && over(path, handle, () => handle.close());
}

function over(path: string, handle: Database, close: () => void): KernelDatabase {
  return {
    path,
    handle,
    services: serviceStore(handle),
    revisions: revisionStore(handle),
    rollouts: rolloutStore(handle),
    instances: instanceStore(handle),
    groups: groupStore(handle),
    meta: metaStore(handle),
    idempotency: idempotencyStore(handle),
    transaction(run) {
      try {
        return handle.transaction(run).immediate();
      } catch (error) {
        throw isSqliteError(error) ? databaseError(path, error) : error;
      }
    },
    close,
  };
}

function isSqliteError(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_");
}
