import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { EngineOptions, StoreEngine } from "./engine.ts";

export async function sqlite(folder: string, { durable, cacheBytes }: EngineOptions): Promise<StoreEngine> {
  const database = new Database(join(folder, "sqlite.db"));
  database.run("PRAGMA journal_mode=WAL");
  database.run(`PRAGMA synchronous=${durable ? "FULL" : "OFF"}`);
  database.run(`PRAGMA cache_size=-${Math.round(cacheBytes / 1_024)}`);
  database.run("CREATE TABLE records (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID");
  const read = database.query<{ value: Uint8Array }, [string]>("SELECT value FROM records WHERE key = ?");
  const write = database.query("INSERT OR REPLACE INTO records VALUES (?, ?)");
  const get = (key: string) => read.get(key)?.value;
  const put = (key: string, value: Uint8Array) => void write.run(key, value);
  const update = database.transaction((key: string, value: Uint8Array) => {
    get(key);
    put(key, value);
  });
  const putAll = database.transaction((keys: readonly string[], value: Uint8Array) => {
    for (const key of keys) put(key, value);
  });
  return { name: "SQLite", get, put, update, putMany: putAll, close: () => void database.close() };
}
