import { join } from "node:path";
import type { EngineOptions, StoreEngine } from "./engine.ts";
import { peerModule } from "./modules.ts";

type Done<T = void> = (error: Error | null | undefined, result: T) => void;

interface RocksDatabase {
  open(options: object, done: Done): void;
  get(key: string, done: Done<Uint8Array>): void;
  put(key: string, value: Buffer, done: Done): void;
  batch(steps: readonly object[], options: object, done: Done): void;
  close(done: Done): void;
}

/** RocksDB through the package `rocksdb`, which has only asynchronous calls. */
export async function rocks(folder: string, { durable, cacheBytes }: EngineOptions): Promise<StoreEngine> {
  const { default: open } = await peerModule<{ default: (path: string) => RocksDatabase }>("rocksdb");
  const database = open(join(folder, "rocks"));
  await promised((done) => database.open({ createIfMissing: true, cacheSize: cacheBytes }, done));
  const get = (key: string) => promised<Uint8Array>((done) => database.get(key, done));
  const put = (key: string, value: Uint8Array) => promised((done) => database.put(key, bufferOf(value), done));
  return {
    name: "RocksDB",
    get,
    put,
    update: (key, value) => get(key).then(() => put(key, value)),
    putMany(keys, value) {
      const steps = keys.map((key) => ({ type: "put", key, value: bufferOf(value) }));
      return promised((done) => database.batch(steps, { sync: durable }, done));
    },
    close: () => promised((done) => database.close(done)),
  };
}

function promised<T = void>(call: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => call((error, result) => (error ? reject(error) : resolve(result))));
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
