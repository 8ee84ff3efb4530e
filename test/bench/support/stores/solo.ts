import { join } from "node:path";
import { KeyValueStore, type StoreOptions } from "../../../../src/store/index.ts";
import type { EngineOptions, StoreEngine } from "./engine.ts";

export async function solo(folder: string, { cacheBytes }: EngineOptions): Promise<StoreEngine> {
  return await openSolo(folder, {
    memoryBytes: 2 ** Math.ceil(Math.log2(cacheBytes)),
    indexBuckets: 2 ** 18,
    hugePages: true,
  });
}

/** A store whose writes nobody syncs. */
export async function openSolo(folder: string, options: StoreOptions): Promise<StoreEngine> {
  const store = await KeyValueStore.open(join(folder, "solo"), { durability: "checkpoint", ...options });
  return {
    name: "solo",
    get: (key) => store.get(key),
    put: (key, value) => store.put(key, value),
    update: (key, value) => store.update(key, () => value),
    async putMany(keys, value) {
      for (const key of keys) await store.put(key, value);
    },
    close: () => store.close(),
  };
}
