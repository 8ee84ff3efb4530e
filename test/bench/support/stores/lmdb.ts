import { join } from "node:path";
import type { EngineOptions, StoreEngine } from "./engine.ts";
import { peerModule } from "./modules.ts";

interface LmdbModule {
  open(options: object): {
    getBinary(key: string): Uint8Array | undefined;
    putSync(key: string, value: Uint8Array): unknown;
    transactionSync(work: () => void): unknown;
    close(): Promise<void>;
  };
}

export async function lmdb(folder: string, { durable }: EngineOptions): Promise<StoreEngine> {
  const { open } = await peerModule<LmdbModule>("lmdb");
  const database = open({
    path: join(folder, "lmdb"),
    encoding: "binary",
    noSync: !durable,
    // Else a transaction is over before it is durable.
    overlappingSync: false,
    mapSize: 2 ** 32,
  });
  const get = (key: string) => database.getBinary(key);
  const put = (key: string, value: Uint8Array) => void database.putSync(key, value);
  return {
    name: "LMDB",
    get,
    put,
    update(key, value) {
      database.transactionSync(() => {
        get(key);
        put(key, value);
      });
      return undefined;
    },
    putDurably(keys, value) {
      database.transactionSync(() => {
        for (const key of keys) put(key, value);
      });
      return undefined;
    },
    close: () => database.close(),
  };
}
