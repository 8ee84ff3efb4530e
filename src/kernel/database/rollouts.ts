import type { Database } from "bun:sqlite";
import type { ServiceRef } from "../../api/index.ts";
import { integer, type Row, text } from "./rows.ts";

/** What a service is to become, once the instances of that revision have shown that they get ready. */
export interface RolloutRecord {
  readonly ref: ServiceRef;
  readonly revision: string;
  readonly replicas: number;
  /** Wall time in milliseconds. */
  readonly accepted: number;
}

/** One rollout of each service at most: the latest that was accepted. */
export interface RolloutStore {
  list(): RolloutRecord[];
  save(record: RolloutRecord): void;
  remove(ref: ServiceRef): void;
}

/** The table is younger than others: a statement is prepared when it is used, so that an older file can be read still. */
export function rolloutStore(database: Database): RolloutStore {
  return {
    list: () => database.query<Row, []>("SELECT * FROM rollouts ORDER BY tenant, name").all().map(toRollout),
    save({ ref: { tenant, name }, revision, replicas, accepted }) {
      const values: [string, string, string, number, number] = [tenant, name, revision, replicas, accepted];
      database.query<null, typeof values>("INSERT OR REPLACE INTO rollouts VALUES (?, ?, ?, ?, ?)").run(...values);
    },
    remove({ tenant, name }) {
      database.query<null, [string, string]>("DELETE FROM rollouts WHERE tenant = ? AND name = ?").run(tenant, name);
    },
  };
}

function toRollout(row: Row): RolloutRecord {
  return {
    ref: { tenant: text(row, "tenant"), name: text(row, "name") },
    revision: text(row, "revision"),
    replicas: integer(row, "replicas"),
    accepted: integer(row, "accepted_ms"),
  };
}
