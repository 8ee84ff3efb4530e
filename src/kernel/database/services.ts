import type { Database } from "bun:sqlite";
import type { ServiceRef } from "../../api/index.ts";
import { integer, oneOf, type Row, text, whenUsed } from "./rows.ts";

/** `completed` and `failed` are where a service that its policy doesn't restart came to rest. */
const desiredStates = ["running", "stopped", "completed", "failed"] as const;
export type DesiredState = (typeof desiredStates)[number];

/** What someone wants of a service: durable before the request that changed it is answered. */
export interface ServiceRecord {
  readonly ref: ServiceRef;
  readonly revision: string;
  readonly desired: DesiredState;
  readonly replicas: number;
  /** Whether its latest ready instance listened on a port. */
  readonly serves: boolean;
  /** Wall time of the first deploy in milliseconds. */
  readonly created: number;
  readonly updated: number;
}

export interface ServiceStore {
  /** Of one tenant, or of all, by tenant and name. */
  list(tenant?: string): ServiceRecord[];
  get(ref: ServiceRef): ServiceRecord | undefined;
  /** Adds or replaces; `created` of one that exists stays. */
  save(record: ServiceRecord): void;
  remove(ref: ServiceRef): void;
}

export function serviceStore(database: Database): ServiceStore {
  const all = database.query<Row, []>("SELECT * FROM services ORDER BY tenant, name");
  const ofTenant = database.query<Row, [string]>("SELECT * FROM services WHERE tenant = ? ORDER BY name");
  const one = database.query<Row, [string, string]>("SELECT * FROM services WHERE tenant = ? AND name = ?");
  const put = whenUsed(() =>
    database.query<null, [string, string, string, string, number, number, number, number]>(
      `INSERT INTO services (tenant, name, revision, desired, replicas, serves, created_ms, updated_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (tenant, name) DO UPDATE SET revision = excluded.revision, desired = excluded.desired,
       replicas = excluded.replicas, serves = excluded.serves, updated_ms = excluded.updated_ms`,
    ),
  );
  const drop = database.query<null, [string, string]>("DELETE FROM services WHERE tenant = ? AND name = ?");
  return {
    list: (tenant) => (tenant === undefined ? all.all() : ofTenant.all(tenant)).map(toService),
    get({ tenant, name }) {
      const row = one.get(tenant, name);
      return row === null ? undefined : toService(row);
    },
    save({ ref: { tenant, name }, revision, desired, replicas, serves, created, updated }) {
      put().run(tenant, name, revision, desired, replicas, serves ? 1 : 0, created, updated);
    },
    remove({ tenant, name }) {
      drop.run(tenant, name);
    },
  };
}

function toService(row: Row): ServiceRecord {
  return {
    ref: { tenant: text(row, "tenant"), name: text(row, "name") },
    revision: text(row, "revision"),
    desired: oneOf(row, "desired", desiredStates),
    replicas: integer(row, "replicas"),
    serves: row.serves === 1,
    created: integer(row, "created_ms"),
    updated: integer(row, "updated_ms"),
  };
}
