import { expect, test } from "bun:test";
import {
  type Mutation,
  openState,
  ServiceCheckpoints,
  type ServiceState,
  type StoredInfo,
} from "../../../src/state/index.ts";
import { FaultyFileSystem } from "../../support/faulty-files/index.ts";

/** The power goes during every operation of making, restoring, importing and deleting checkpoints. */

let now = 0;
const clock = { now: () => (now += 1_000), monotonic: () => 0 };
const subject = { revision: null, spec_sha256: null };

type Contents = Readonly<Record<string, string>>;

/** What is known to hold, whenever the power goes. */
interface Run {
  /** What the state may be: before and after what is being done. */
  possible: Contents[];
  /** Acknowledged checkpoints that were not deleted, and what they keep. */
  readonly kept: Map<string, Contents>;
  /** Every checkpoint that may be there, by its position. */
  readonly at: Map<number, Contents>;
}

interface Machine {
  readonly state: ServiceState;
  readonly checkpoints: ServiceCheckpoints;
}

async function open(files: FaultyFileSystem): Promise<Machine> {
  const state = await openState("/solo/state", { clock, files, flush_ms: 600_000, segmentBytes: 8_192 });
  return { state, checkpoints: checkpointsOf(files) };
}

function checkpointsOf(files: FaultyFileSystem): ServiceCheckpoints {
  return new ServiceCheckpoints({
    ref: { tenant: "default", name: "svc" },
    folder: "/solo/state/checkpoints",
    backupFolder: "/backup/default/svc",
    clock,
    files,
    onTrouble: () => undefined,
  });
}

async function scenario({ state, checkpoints }: Machine, run: Run): Promise<void> {
  let contents: Contents = {};
  const write = async (changes: Contents) => {
    const next = { ...contents, ...changes };
    run.possible = [contents, next];
    run.at.set(state.position + 1, next);
    const mutations = Object.entries(changes).map(
      ([key, value]): Mutation => ({ op: "put", space: "data", key, value: Buffer.from(value) }),
    );
    await state.commit(() => mutations, { origin: "test" });
    contents = next;
    run.possible = [contents];
  };
  const create = async (): Promise<StoredInfo> => {
    const info = await checkpoints.create(state, "manual", subject);
    run.kept.set(info.id, contents);
    return info;
  };
  await write({ a: "1", b: "x".repeat(3_000) });
  const first = await create();
  await write({ a: "2", c: "y".repeat(2_000) });
  const second = await create();
  const aim = run.kept.get(first.id) ?? {};
  run.possible = [contents, aim];
  run.at.set(state.position + 1, aim);
  const { before } = await checkpoints.restore({ id: first.id }, state, subject, async () => {});
  run.kept.set(before.id, contents);
  contents = aim;
  run.possible = [contents];
  await checkpoints.export(second.id, "/solo/portable");
  const taken = await checkpoints.import("/solo/portable");
  run.kept.set(taken.id, run.kept.get(second.id) ?? {});
  await write({ d: "4" });
  run.kept.delete(first.id);
  run.kept.delete(second.id);
  await checkpoints.prune({ keep_ms: 1e9, keep_count: 2, keep_bytes: 1e9 }, state);
  await create();
  await state.close();
}

test("whatever operation the power goes in, a checkpoint is whole or doesn't count, and the state is whole", async () => {
  const whole = new FaultyFileSystem(1);
  await scenario(await open(whole), { possible: [{}], kept: new Map(), at: new Map() });
  const operations = whole.operations;
  expect(operations).toBeGreaterThan(80);
  for (let at = 1; at <= operations; at++) {
    for (const seed of [1, 2]) {
      const files = new FaultyFileSystem(seed * 1_000 + at);
      const run: Run = { possible: [{}], kept: new Map(), at: new Map() };
      files.crashAt(at);
      await open(files)
        .then((machine) => scenario(machine, run))
        .catch(() => undefined);
      files.crash();
      await check(files, run, `operation ${at}, seed ${seed}: ${files.history[at - 1]}`);
    }
  }
}, 120_000);

async function check(files: FaultyFileSystem, run: Run, place: string): Promise<void> {
  const { state, checkpoints } = await open(files);
  const found = JSON.stringify(sorted(Object.fromEntries(state.page("data").map(toPair))));
  const possible = run.possible.map((contents) => JSON.stringify(sorted(contents)));
  if (!possible.includes(found)) throw new Error(`${place}\nfound ${found}\npossible ${possible.join("\n")}`);
  const listed = checkpoints.catalog.list();
  expect([place, checkpoints.catalog.damaged()]).toEqual([place, []]);
  for (const id of run.kept.keys()) {
    if (!listed.some((info) => info.id === id)) throw new Error(`${place}\ncheckpoint ${id} is gone`);
  }
  for (const { id, position, foreign } of listed) {
    const { copies } = await checkpoints.verify(id);
    expect([place, copies.filter(({ problem }) => problem !== null)]).toEqual([place, []]);
    const past = await checkpoints.past({ id }, state);
    const contents: Record<string, string> = {};
    for await (const entry of past.entries()) if (entry.space === "data") contents[entry.key] = toPair(entry)[1];
    const wanted = run.kept.get(id) ?? run.at.get(position);
    expect([place, foreign, sorted(contents)]).toEqual([place, foreign, sorted(wanted ?? {})]);
  }
  // The next one removes what was left unfinished.
  await checkpoints.create(state, "manual", subject);
  for (const folder of ["/solo/state/checkpoints", "/backup/default/svc"]) {
    expect([place, files.list(folder).filter((name) => name.endsWith(".new"))]).toEqual([place, []]);
  }
  await state.close();
}

function toPair({ key, value }: { readonly key: string; readonly value: Uint8Array }): [string, string] {
  return [key, Buffer.from(value).toString()];
}

function sorted(contents: Contents): [string, string][] {
  return Object.entries(contents).sort(([one], [other]) => (one < other ? -1 : 1));
}

test("errors of the disk at any operation leave every checkpoint that there was, and the next one works", async () => {
  for (const code of ["ENOSPC", "EIO"] as const) {
    for (let nth = 0; nth <= 8; nth++) {
      const files = new FaultyFileSystem(nth);
      const { state, checkpoints } = await open(files);
      const put = (): Mutation[] => [{ op: "put", space: "data", key: "a", value: Buffer.from("1") }];
      await state.commit(put, { origin: "test" });
      const first = await checkpoints.create(state, "manual", subject);
      files.fail({ on: "write", after: nth, code });
      await checkpoints.create(state, "manual", subject).catch(() => undefined);
      expect(checkpoints.catalog.list().map(({ id }) => id)).toContain(first.id);
      expect(checkpoints.catalog.damaged()).toEqual([]);
      files.killProcess();
      const again = checkpointsOf(files);
      expect((await again.verify(first.id)).copies.map(({ problem }) => problem)).toEqual([null, null]);
    }
  }
});
