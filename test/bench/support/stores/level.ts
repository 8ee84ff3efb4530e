import { join } from "node:path";
import type { EngineOptions, StoreEngine } from "./engine.ts";
import { peerModule } from "./modules.ts";

interface LevelModule {
  readonly ClassicLevel: new (
    path: string,
    options: object,
  ) => {
    getSync(key: string): Uint8Array | undefined;
    put(key: string, value: Uint8Array): Promise<void>;
    batch(steps: readonly object[], options: object): Promise<void>;
    open(): Promise<void>;
    close(): Promise<void>;
  };
}

export async function level(folder: string, { durable, cacheBytes }: EngineOptions): Promise<StoreEngine> {
  const { ClassicLevel } = await peerModule<LevelModule>("classic-level");
  const options = { keyEncoding: "utf8", valueEncoding: "view", cacheSize: cacheBytes };
  const database = new ClassicLevel(join(folder, "level"), options);
  await database.open();
  return {
    name: "LevelDB",
    get: (key) => database.getSync(key),
    put: (key, value) => database.put(key, value),
    update(key, value) {
      database.getSync(key);
      return database.put(key, value);
    },
    putMany: (keys, value) =>
      database.batch(
        keys.map((key) => ({ type: "put", key, value })),
        { sync: durable },
      ),
    close: () => database.close(),
  };
}
