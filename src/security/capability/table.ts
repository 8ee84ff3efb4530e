import type { Database } from "bun:sqlite";
import { SoloError } from "../../api/index.ts";
import type { CapabilityRecord, CapabilityTable } from "./record.ts";

/** In the table `meta` of the same file. */
const timeKey = "capability_time";

/** The table `capabilities` of kernel.db. */
export function capabilityTable(database: Database): CapabilityTable {
  const writing = (write: () => void) => {
    try {
      database.transaction(write).immediate();
    } catch (error) {
      throw SoloError.from(error, "no");
    }
  };
  const unsynced = (write: () => void) => {
    database.run("PRAGMA synchronous = NORMAL");
    try {
      writing(write);
    } finally {
      database.run("PRAGMA synchronous = FULL");
    }
  };
  const each = (sql: string, ids: readonly string[], ...values: number[]) => {
    const query = database.query<null, (string | number)[]>(sql);
    for (const id of ids) query.run(...values, id);
  };
  return {
    all: () => database.query<Row, []>("SELECT * FROM capabilities ORDER BY created_ms, id").all().map(recordReader()),
    instances: () =>
      database
        .query<{ instance: string }, []>("SELECT instance FROM capabilities WHERE instance IS NOT NULL")
        .all()
        .map(({ instance }) => instance),
    add(record) {
      const insert = () =>
        void database
          .query<null, (string | number | null | Uint8Array)[]>(
            "INSERT INTO capabilities VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          )
          .run(...valuesOf(record));
      if (record.instance === null) writing(insert);
      else unsynced(insert);
    },
    revoke: (ids, time) =>
      writing(() => each("UPDATE capabilities SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL", ids, time)),
    saveUsed: (id, used) => writing(() => each("UPDATE capabilities SET used = ? WHERE id = ?", [id], used)),
    remove: (ids) => unsynced(() => each("DELETE FROM capabilities WHERE id = ?", ids)),
    latestTime: () => {
      const row = database.query<{ value: string }, [string]>("SELECT value FROM meta WHERE key = ?").get(timeKey);
      const time = Number(row?.value ?? 0);
      return Number.isSafeInteger(time) ? time : 0;
    },
    noteTime: (time) =>
      writing(
        () =>
          void database
            .query<null, [string, string]>("INSERT OR REPLACE INTO meta VALUES (?, ?)")
            .run(timeKey, String(time)),
      ),
  };
}

interface Row {
  id: string;
  hash: Uint8Array;
  tenant: string;
  resource: string;
  permissions: string;
  holder: string | null;
  parent: string | null;
  created_ms: number;
  expires_ms: number | null;
  revoked_ms: number | null;
  rate: number | null;
  calls: number | null;
  used: number;
  instance: string | null;
}

/** Many have the same permissions, on the same things: each list and text is there once. */
function recordReader(): (row: Row) => CapabilityRecord {
  const lists = new Map<string, readonly string[]>();
  const texts = new Map<string, string>();
  const once = (text: string) => {
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    return known ?? text;
  };
  return ({ permissions, ...row }) => {
    // Permissions and names of methods have no spaces.
    const list = lists.get(permissions) ?? permissions.split(" ").map(once);
    lists.set(permissions, list);
    const { id, hash, holder, parent, created_ms: created, expires_ms: expires, revoked_ms: revoked, ...rest } = row;
    const { rate, calls, used, instance } = rest;
    const [tenant, resource] = [once(row.tenant), once(row.resource)];
    const of = { id, hash, tenant, resource, permissions: list, holder, parent };
    return { ...of, created, expires, revoked, rate, calls, used, instance };
  };
}

function valuesOf(record: CapabilityRecord): (string | number | null | Uint8Array)[] {
  const { id, hash, tenant, resource, permissions, holder, parent, created, expires, revoked } = record;
  const { rate, calls, used, instance } = record;
  const list = permissions.join(" ");
  return [id, hash, tenant, resource, list, holder, parent, created, expires, revoked, rate, calls, used, instance];
}
