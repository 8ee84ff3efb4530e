import type { Database } from "bun:sqlite";
import { type Row, text, whenUsed } from "./rows.ts";

/** Single facts about the data folder, such as its id. The key `closed` belongs to the database itself. */
export interface MetaStore {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
  remove(key: string): void;
  /** Those that begin so. */
  keys(prefix: string): string[];
}

export function metaStore(database: Database): MetaStore {
  const one = database.query<Row, [string]>("SELECT value FROM meta WHERE key = ?");
  const put = database.query<null, [string, string]>("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)");
  const drop = whenUsed(() => database.query<null, [string]>("DELETE FROM meta WHERE key = ?"));
  const list = whenUsed(() =>
    database.query<Row, [number, string]>("SELECT key FROM meta WHERE substr(key, 1, ?) = ? ORDER BY key"),
  );
  return {
    get(key) {
      const row = one.get(key);
      return row === null ? undefined : text(row, "value");
    },
    set(key, value) {
      put.run(key, value);
    },
    remove(key) {
      drop().run(key);
    },
    keys: (prefix) =>
      list()
        .all(prefix.length, prefix)
        .map((row) => text(row, "key")),
  };
}
