import type { Database } from "bun:sqlite";
import type { IdempotencyPlace, IdempotencyRecord, IdempotencyRecords } from "../access/index.ts";
import { integer, type Row, text } from "./rows.ts";

/** What was done under which idempotency key, in kernel.db. */
export function idempotencyStore(database: Database): IdempotencyRecords {
  return {
    get({ owner, key }) {
      const row = database
        .query<Row, [string, string]>("SELECT * FROM idempotency WHERE owner = ? AND key = ?")
        .get(owner, key);
      return row === null ? undefined : toRecord(row);
    },
    begin({ owner, key }: IdempotencyPlace, { tenant, operation, digest, created }) {
      const values: [string, string, string, string, string, number] = [owner, key, tenant, operation, digest, created];
      database.query<null, typeof values>("INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?, NULL, 0)").run(...values);
    },
    end({ owner, key }, outcome) {
      const values: [string, number, string, string] = [outcome, Buffer.byteLength(outcome), owner, key];
      database
        .query<null, typeof values>("UPDATE idempotency SET outcome = ?, bytes = ? WHERE owner = ? AND key = ?")
        .run(...values);
    },
    forget({ owner, key }) {
      database.query<null, [string, string]>("DELETE FROM idempotency WHERE owner = ? AND key = ?").run(owner, key);
    },
    forgetBefore(created) {
      database.query<null, [number]>("DELETE FROM idempotency WHERE created_ms < ?").run(created);
    },
    usage(tenant) {
      const row = database
        .query<Row, [string]>(
          "SELECT count(*) AS keys, coalesce(sum(bytes), 0) AS bytes FROM idempotency WHERE tenant = ?",
        )
        .get(tenant);
      return row === null ? { keys: 0, bytes: 0 } : { keys: integer(row, "keys"), bytes: integer(row, "bytes") };
    },
  };
}

function toRecord(row: Row): IdempotencyRecord {
  return {
    tenant: text(row, "tenant"),
    operation: text(row, "operation"),
    digest: text(row, "digest"),
    created: integer(row, "created_ms"),
    outcome: row.outcome === null ? null : text(row, "outcome"),
  };
}
