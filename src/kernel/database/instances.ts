import type { Database } from "bun:sqlite";
import { type HostShape, hostShapes, type ServiceRef } from "../../api/index.ts";
import { databaseError } from "./errors.ts";
import { integer, optionalInteger, optionalOneOf, type Row, text, whenUsed } from "./rows.ts";

/** Where an instance's process is found by the next kernel. Structurally supervise's record. */
export interface StoredInstance {
  readonly id: string;
  readonly ref: ServiceRef;
  readonly revision: string;
  readonly state: string;
  readonly pid: number | null;
  readonly startTime: number | null;
  readonly bootId: string;
  readonly port: number;
  readonly serves: boolean;
  readonly shape: HostShape | null;
  readonly key: string;
  readonly started: number;
  readonly restarts: number;
}

export interface InstanceStore {
  /** Of one service, or all, in the order of their ids. */
  list(ref?: ServiceRef): StoredInstance[];
  save(record: StoredInstance): void;
  remove(id: string): void;
}

/**
 * Writes survive the kernel's death, not the machine's: after a boot no process of the record exists, so a sync per start
 * and stop would buy nothing. Within a transaction they are as durable as it is.
 */
export function instanceStore(database: Database): InstanceStore {
  const all = database.query<Row, []>("SELECT * FROM instances ORDER BY id");
  const ofService = database.query<Row, [string, string]>(
    "SELECT * FROM instances WHERE tenant = ? AND service = ? ORDER BY id",
  );
  const put = whenUsed(() =>
    database.query<null, (string | number | null)[]>(
      `INSERT OR REPLACE INTO instances
       (id, tenant, service, revision, state, pid, start_time, boot_id, port, serves, shape, key, started_ms, restarts)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
  );
  const drop = database.query<null, [string]>("DELETE FROM instances WHERE id = ?");
  const unsynced = (write: () => void) => {
    if (database.inTransaction) return write();
    database.run("PRAGMA synchronous = NORMAL");
    try {
      write();
    } catch (error) {
      throw databaseError(database.filename, error);
    } finally {
      database.run("PRAGMA synchronous = FULL");
    }
  };
  return {
    list: (ref) => (ref === undefined ? all.all() : ofService.all(ref.tenant, ref.name)).map(toInstance),
    save({ id, ref, revision, state, pid, startTime, bootId, port, serves, shape, key, started, restarts }) {
      const { tenant, name } = ref;
      const flag = serves ? 1 : 0;
      unsynced(() =>
        put().run(id, tenant, name, revision, state, pid, startTime, bootId, port, flag, shape, key, started, restarts),
      );
    },
    remove(id) {
      unsynced(() => drop.run(id));
    },
  };
}

function toInstance(row: Row): StoredInstance {
  return {
    id: text(row, "id"),
    ref: { tenant: text(row, "tenant"), name: text(row, "service") },
    revision: text(row, "revision"),
    state: text(row, "state"),
    pid: optionalInteger(row, "pid"),
    startTime: optionalInteger(row, "start_time"),
    bootId: text(row, "boot_id"),
    port: integer(row, "port"),
    serves: integer(row, "serves") === 1,
    shape: optionalOneOf(row, "shape", hostShapes),
    key: text(row, "key"),
    started: integer(row, "started_ms"),
    restarts: integer(row, "restarts"),
  };
}
