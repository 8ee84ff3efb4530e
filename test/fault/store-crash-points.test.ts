import { expect, test } from "bun:test";
import { type CheckpointOptions, KeyValueStore, StoreError, type StoreOptions } from "../../src/store/index.ts";
import { FaultyFileSystem } from "../support/faulty-files/index.ts";
import { ProcessFiles } from "../support/process-files.ts";

/** The power goes during every single operation of a scenario, and of the recovery from it. */

const folder = "/data/store";
const options: StoreOptions = { pageBytes: 1_024, segmentBytes: 2_048, memoryBytes: 8_192, durability: "checkpoint" };

interface Run {
  readonly store: KeyValueStore;
  /** One more write of the session, of a growing counter under one of seven keys. */
  write(durability?: "sync" | "checkpoint"): Promise<void>;
  /** All writes so far are promised to survive. */
  promise(): void;
}

const scenarios: Readonly<Record<string, (run: Run) => Promise<void>>> = {
  async "synced writes"({ write }) {
    for (let index = 0; index < 12; index++) await write("sync");
  },
  async "a log that outgrows memory"({ write, store, promise }) {
    for (let index = 0; index < 150; index++) await write();
    await store.commit();
    promise();
    await write("sync");
  },
  async "snapshots and deltas"(run) {
    for (const method of ["snapshot", "delta", "delta"] as const) await checkpointed(run, { method });
    await run.write("sync");
  },
  async "fold-overs, with and without the index"(run) {
    for (const parts of ["full", "log", "index"] as const) await checkpointed(run, { parts });
  },
  async compaction(run) {
    for (let index = 0; index < 60; index++) await run.write();
    await checkpointed(run, { method: "snapshot" });
    await run.store.compact();
    run.promise();
    await checkpointed(run, {});
    await run.store.compact();
  },
};

async function checkpointed({ store, write, promise }: Run, checkpoint: CheckpointOptions): Promise<void> {
  for (let index = 0; index < 6; index++) await write();
  await store.checkpoint(checkpoint);
  if (checkpoint.parts !== "index") promise();
  for (let index = 0; index < 3; index++) await write();
}

for (const [name, scenario] of Object.entries(scenarios)) {
  test(`${name}: the power may go during any operation, also of the recovery`, async () => {
    const whole = new FaultyFileSystem(1);
    await play(whole, scenario);
    expect(whole.operations).toBeGreaterThan(20);
    for (let crashAt = 1; crashAt <= whole.operations; crashAt++) {
      const files = new FaultyFileSystem(crashAt);
      files.crashAt(crashAt);
      const { promised, written } = await play(files, scenario);
      files.crash();
      // And once more while it recovers, a little later every time.
      files.crashAt(files.operations + 1 + (crashAt % 9));
      await tryOpen(files);
      files.crash();
      await expectPrefix(files, promised, written, crashAt);
    }
  }, 120_000);
}

async function play(files: FaultyFileSystem, scenario: (run: Run) => Promise<void>) {
  const life = new ProcessFiles(files);
  let written = 0;
  let promised = 0;
  try {
    const store = await KeyValueStore.open(folder, { ...options, files: life });
    const session = store.session("one");
    await scenario({
      store,
      promise: () => {
        promised = written;
      },
      write: async (durability = "checkpoint") => {
        const serial = written + 1;
        const done = session.put(`key-${serial % 7}`, valueAt(serial), durability);
        written = serial;
        await done;
        if (durability === "sync") promised = serial;
      },
    });
    await store.close();
    promised = written;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
  life.end();
  return { promised, written };
}

async function tryOpen(files: FaultyFileSystem): Promise<void> {
  const life = new ProcessFiles(files);
  try {
    await KeyValueStore.open(folder, { ...options, files: life });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === "corrupt") throw error;
  } finally {
    life.end();
  }
}

async function expectPrefix(
  files: FaultyFileSystem,
  promised: number,
  written: number,
  crashAt: number,
): Promise<void> {
  const store = await KeyValueStore.open(folder, { ...options, files });
  const { serial } = store.session("one");
  const note = `crash at ${crashAt}: ${files.history[crashAt - 1]}`;
  expect([note, serial >= promised, serial <= written]).toEqual([note, true, true]);
  for (let key = 0; key < 7; key++) {
    const value = await store.get(`key-${key}`);
    expect([note, value && new TextDecoder().decode(value)]).toEqual([note, lastValue(key, serial)]);
  }
  await store.close();
}

/** What a key holds after the first `serial` writes. */
function lastValue(key: number, serial: number): string | undefined {
  for (let last = serial; last > 0; last--) if (last % 7 === key) return valueAt(last);
  return undefined;
}

function valueAt(serial: number): string {
  return `${serial}:${"x".repeat((serial * 13) % 90)}`;
}
