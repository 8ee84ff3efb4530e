import { KeyValueStore, type StoreOptions } from "../../src/store/index.ts";
import type { FaultyFileSystem } from "./faulty-files/index.ts";
import { ProcessFiles } from "./process-files.ts";
import { seededRandom } from "./random.ts";
import { steadyClock } from "./steady-clock.ts";

/** Small stores on a file system in memory, for tests that damage them. */

export const storeFolder = "/data/store";

/** Pages of 1 KiB, two to a segment, four in memory. */
export const smallStore: StoreOptions = {
  pageBytes: 1_024,
  segmentBytes: 2_048,
  memoryBytes: 8_192,
  durability: "checkpoint",
};

/** Identifiers, and with them the names of files, are the same in every run, and so is the time that anything takes. */
export function reproducible(seed: number): Pick<StoreOptions, "random" | "clock"> {
  const random = seededRandom(seed);
  return { random: () => random.below(2 ** 32), clock: steadyClock(seed) };
}

export const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

/** Opens the store; `end` is the death of its process, after which nothing of it touches the files. */
export async function openSmall(files: FaultyFileSystem, options: StoreOptions = {}) {
  const life = new ProcessFiles(files);
  const store = await KeyValueStore.open(storeFolder, { ...smallStore, ...options, files: life });
  return {
    store,
    end() {
      life.end();
      files.killProcess();
    },
  };
}

/** Puts `key-N` = `round:N` for so many keys. */
export async function putRound(store: KeyValueStore, round: string, keys = 40): Promise<void> {
  for (let index = 0; index < keys; index++) await store.put(`key-${index}`, `${round}:${index}`);
}

/** All keys and values as text. */
export async function contentOf(store: KeyValueStore): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { key, value } of store.scan())
    found.set(typeof key === "number" ? String(key) : (textOf(key) ?? ""), textOf(value) ?? "");
  return found;
}

/** Names and bytes of everything in the store's folder. */
export function imageOf(files: FaultyFileSystem, folder = storeFolder): Map<string, string> {
  const image = new Map<string, string>();
  for (const name of files.list(folder)) {
    const path = `${folder}/${name}`;
    try {
      image.set(path, Buffer.from(files.bytesOf(path)).toString("base64"));
    } catch {
      for (const [inner, bytes] of imageOf(files, path)) image.set(inner, bytes);
    }
  }
  return image;
}
