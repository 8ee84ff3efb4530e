import { expect, test } from "bun:test";
import { type Mutation, openState, type ServiceState } from "../../../src/state/index.ts";
import { FaultyFileSystem } from "../../support/faulty-files/index.ts";

/** The power goes during every operation of a state's life, and what is there afterwards is a prefix of what was done. */

const clock = { now: () => 1_000, monotonic: () => 0 };

/** Content after each commit that was begun, in order; the first is empty. */
type Contents = Readonly<Record<string, string>>;

interface Run {
  readonly history: Contents[];
  /** Index in the history of the last content that was acknowledged. */
  acknowledged: number;
  /** Position acknowledged with it. */
  position: number;
}

function open(files: FaultyFileSystem): Promise<ServiceState> {
  return openState("/state", { clock, files, flush_ms: 600_000, segmentBytes: 8_192 });
}

async function scenario(state: ServiceState, run: Run): Promise<void> {
  const write = async (changes: Readonly<Record<string, string | null>>, durability?: "async") => {
    const next: Record<string, string> = { ...run.history.at(-1) };
    for (const [key, value] of Object.entries(changes)) {
      if (value === null) delete next[key];
      else next[key] = value;
    }
    run.history.push(next);
    const index = run.history.length - 1;
    const mutations = Object.entries(changes).map(
      ([key, value]): Mutation =>
        value === null
          ? { op: "delete", space: "data", key }
          : { op: "put", space: "data", key, value: Buffer.from(value) },
    );
    const { position } = await state.commit(() => mutations, { origin: "test", durability });
    if (durability === undefined) Object.assign(run, { acknowledged: index, position });
  };
  await write({ a: "1", b: "1" });
  await write({ c: "1" }, "async");
  await write({ a: "2", b: null, d: "x".repeat(3_000) });
  await state.flush();
  for (let round = 0; round < 6; round++) await write({ [`k${round}`]: "y".repeat(1_500), a: String(round) });
  await state.truncateHistory(5);
  run.history.push({ a: "reset", z: "w".repeat(500) });
  const index = run.history.length - 1;
  const { position } = await state.reset(
    {
      async *entries() {
        for (const [key, value] of Object.entries(run.history[index] ?? {})) {
          yield { space: "data" as const, key, value: Buffer.from(value) };
        }
      },
    },
    "test",
  );
  Object.assign(run, { acknowledged: index, position });
  await write({ e: "1" });
  await state.flush();
  await write({ e: "2", a: null });
  await state.close();
}

function contentsOf(state: ServiceState): Contents {
  return Object.fromEntries(state.page("data").map(({ key, value }) => [key, Buffer.from(value).toString()]));
}

async function attempt(files: FaultyFileSystem, run: Run): Promise<void> {
  try {
    await scenario(await open(files), run);
  } catch {
    // The power went: what was acknowledged before counts.
  }
}

test("whatever operation the power goes in, nothing acknowledged is lost and nothing is there that was not written", async () => {
  const whole = new FaultyFileSystem(1);
  await attempt(whole, { history: [{}], acknowledged: 0, position: 0 });
  const operations = whole.operations;
  expect(operations).toBeGreaterThan(80);
  for (let at = 1; at <= operations; at++) {
    for (const seed of [1, 2, 3]) {
      const files = new FaultyFileSystem(seed * 1_000 + at);
      const run: Run = { history: [{}], acknowledged: 0, position: 0 };
      files.crashAt(at);
      await attempt(files, run);
      files.crash();
      // Recovery itself is cut short once, in the midst of its own work.
      files.crashAt(files.operations + 1 + ((at * seed) % 12));
      const between = await open(files).catch(() => undefined);
      await between?.close().catch(() => undefined);
      files.crash();
      const state = await open(files);
      const found = JSON.stringify(sorted(contentsOf(state)));
      const possible = run.history.slice(run.acknowledged).map((contents) => JSON.stringify(sorted(contents)));
      const place = `operation ${at}, seed ${seed}: ${files.history[at - 1]}`;
      if (!possible.includes(found)) throw new Error(`${place}\nfound ${found}\nacknowledged ${possible[0]}`);
      const { position } = await state.commit(
        () => [{ op: "put", space: "data", key: "new", value: Buffer.from("1") }],
        {
          origin: "test",
        },
      );
      expect([place, position > run.position]).toEqual([place, true]);
      await state.close();
    }
  }
}, 120_000);

function sorted(contents: Contents): [string, string][] {
  return Object.entries(contents).sort(([one], [other]) => (one < other ? -1 : 1));
}
