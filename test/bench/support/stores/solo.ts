import { join } from "node:path";
import { KeyValueStore } from "../../../../src/store/index.ts";
import type { EngineOptions, StoreEngine } from "./engine.ts";

export async function solo(folder: string, { cacheBytes }: EngineOptions): Promise<StoreEngine> {
  const store = await KeyValueStore.open(join(folder, "solo"), {
    durability: "checkpoint",
    memoryBytes: 2 ** Math.ceil(Math.log2(cacheBytes)),
    indexBuckets: 2 ** 18,
  });
  return {
    name: "solo",
    get: (key) => store.get(key),
    put: (key, value) => store.put(key, value),
    update: (key, value) => store.update(key, () => value),
    close: () => store.close(),
  };
}
