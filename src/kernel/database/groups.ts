import type { Database } from "bun:sqlite";
import type { Group } from "../../api/index.ts";
import { oneOf, type Row, strings, text } from "./rows.ts";

export interface GroupRecord extends Group {
  readonly tenant: string;
}

export interface GroupStore {
  list(tenant?: string): GroupRecord[];
  save(record: GroupRecord): void;
  remove(tenant: string, name: string): void;
}

const strategies: readonly Group["strategy"][] = ["one_for_one", "rest_for_one", "one_for_all"];

export function groupStore(database: Database): GroupStore {
  const all = database.query<Row, []>("SELECT * FROM groups ORDER BY tenant, name");
  const ofTenant = database.query<Row, [string]>("SELECT * FROM groups WHERE tenant = ? ORDER BY name");
  const put = database.query<null, [string, string, string, string]>(
    "INSERT OR REPLACE INTO groups (tenant, name, strategy, services) VALUES (?, ?, ?, ?)",
  );
  const drop = database.query<null, [string, string]>("DELETE FROM groups WHERE tenant = ? AND name = ?");
  return {
    list: (tenant) => (tenant === undefined ? all.all() : ofTenant.all(tenant)).map(toGroup),
    save({ tenant, name, strategy, services }) {
      put.run(tenant, name, strategy, JSON.stringify(services));
    },
    remove(tenant, name) {
      drop.run(tenant, name);
    },
  };
}

function toGroup(row: Row): GroupRecord {
  return {
    tenant: text(row, "tenant"),
    name: text(row, "name"),
    strategy: oneOf(row, "strategy", strategies),
    services: strings(row, "services"),
  };
}
