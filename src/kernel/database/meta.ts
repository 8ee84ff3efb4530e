import type { Database } from "bun:sqlite";
import { type Row, text } from "./rows.ts";

/** Single facts about the data folder, such as its id. The key `closed` belongs to the database itself. */
export interface MetaStore {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

export function metaStore(database: Database): MetaStore {
  const one = database.query<Row, [string]>("SELECT value FROM meta WHERE key = ?");
  const put = database.query<null, [string, string]>("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)");
  return {
    get(key) {
      const row = one.get(key);
      return row === null ? undefined : text(row, "value");
    },
    set(key, value) {
      put.run(key, value);
    },
  };
}
