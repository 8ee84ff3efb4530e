import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { KeyValueStore } from "../../../src/store/index.ts";

/** A key-value store as the benchmark uses it. What returns a promise is awaited. */
export interface StoreEngine {
  readonly name: string;
  get(key: string): Uint8Array | undefined | null | Promise<Uint8Array | undefined>;
  put(key: string, value: Uint8Array): void | Promise<void> | undefined;
  close(): void | Promise<void>;
}

type OpenEngine = (folder: string) => Promise<StoreEngine>;

export async function solo(folder: string): Promise<StoreEngine> {
  const store = await KeyValueStore.open(join(folder, "solo"), {
    durability: "checkpoint",
    memoryBytes: 2 ** 30,
    indexBuckets: 2 ** 18,
  });
  return {
    name: "solo",
    get: (key) => store.get(key),
    put: (key, value) => store.put(key, value),
    close: () => store.close(),
  };
}

/** Each without syncing its writes, as Solo's store in this mode. */
export async function storePeers(): Promise<readonly OpenEngine[]> {
  const modules = await installed();
  return [sqlite, (folder) => lmdb(folder, modules), (folder) => level(folder, modules)];
}

async function sqlite(folder: string): Promise<StoreEngine> {
  const database = new Database(join(folder, "sqlite.db"));
  database.run("PRAGMA journal_mode=WAL");
  database.run("PRAGMA synchronous=OFF");
  database.run("CREATE TABLE records (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID");
  const read = database.query<{ value: Uint8Array }, [string]>("SELECT value FROM records WHERE key = ?");
  const write = database.query("INSERT OR REPLACE INTO records VALUES (?, ?)");
  return {
    name: "SQLite",
    get: (key) => read.get(key)?.value,
    put: (key, value) => void write.run(key, value),
    close: () => database.close(),
  };
}

interface LmdbModule {
  open(options: object): {
    getBinary(key: string): Uint8Array | undefined;
    putSync(key: string, value: Uint8Array): unknown;
    close(): Promise<void>;
  };
}

async function lmdb(folder: string, modules: string): Promise<StoreEngine> {
  const { open }: LmdbModule = await import(join(modules, "lmdb"));
  const database = open({ path: join(folder, "lmdb"), encoding: "binary", noSync: true, mapSize: 2 ** 32 });
  return {
    name: "LMDB",
    get: (key) => database.getBinary(key),
    put: (key, value) => void database.putSync(key, value),
    close: () => database.close(),
  };
}

interface LevelModule {
  readonly ClassicLevel: new (
    path: string,
    options: object,
  ) => {
    getSync?(key: string): Uint8Array | undefined;
    get(key: string): Promise<Uint8Array | undefined>;
    put(key: string, value: Uint8Array): Promise<void>;
    open(): Promise<void>;
    close(): Promise<void>;
  };
}

async function level(folder: string, modules: string): Promise<StoreEngine> {
  const { ClassicLevel }: LevelModule = await import(join(modules, "classic-level"));
  const options = { keyEncoding: "utf8", valueEncoding: "view", cacheSize: 2 ** 29 };
  const database = new ClassicLevel(join(folder, "level"), options);
  await database.open();
  return {
    name: "LevelDB",
    get: (key) => (database.getSync === undefined ? database.get(key) : database.getSync(key)),
    put: (key, value) => database.put(key, value),
    close: () => database.close(),
  };
}

/** Fixed, so that figures of different days compare. */
const packages = ["lmdb@3.4.2", "classic-level@3.0.0"];

/** Installs the peers into a cache of their own: they are no dependency of Solo. */
async function installed(): Promise<string> {
  const prefix = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "solo-bench", "stores-1");
  const modules = join(prefix, "node_modules");
  if (!existsSync(join(modules, "lmdb")) || !existsSync(join(modules, "classic-level"))) {
    const cmd = ["npm", "install", "--prefix", prefix, "--no-audit", "--no-fund", "--loglevel=error", ...packages];
    const child = Bun.spawn({ cmd, stdin: "ignore", stdout: "ignore", stderr: "inherit" });
    if ((await child.exited) !== 0) throw new Error(`${cmd.join(" ")} failed`);
  }
  return modules;
}
