import { expect, test } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import {
  type CheckpointSettings,
  Checkpoints,
  type CheckpointsOptions,
  type ServiceState,
  ServiceStates,
} from "../../../../src/state/index.ts";
import type { Clock } from "../../../../src/system/index.ts";
import { put, stateFolder, write } from "../core/workshop.ts";
import { subject } from "./workshop.ts";

const ref = { tenant: "default", name: "svc" };
const second = 1_000;

/** Checkpoints every 60 s under a clock that stands still, and what was told of them. */
class Desk {
  now = 1_000_000;
  /** By how much the machine's clock was set since. */
  setBy = 0;
  readonly told: string[] = [];
  readonly states: ServiceStates;
  readonly checkpoints: Checkpoints;

  constructor(
    readonly folder = stateFolder(),
    {
      checkpoint_ms = 60 * second,
      ...options
    }: Partial<CheckpointSettings & Pick<CheckpointsOptions, "logBounds">> = {},
  ) {
    const clock: Clock = { now: () => this.now + this.setBy, monotonic: () => this.now };
    this.states = new ServiceStates({ folder, clock });
    this.checkpoints = new Checkpoints({
      states: this.states,
      clock,
      backupFolder: null,
      keep_count: 2,
      keep_bytes: 1e9,
      ...options,
      settingsOf: () => ({ checkpoint_ms, keep_ms: 3_600 * second }),
      subjectOf: () => subject,
      externalOf: () => undefined,
      externals: () => [],
      observer: {
        made: (_, { reason }) => void this.told.push(reason),
        deleted: (_, infos) => void this.told.push(`deleted ${infos.length}`),
        trouble: (_, { type }) => void this.told.push(type),
        failed: (_, reason, { code }) => void this.told.push(`${reason}: ${code}`),
      },
    });
  }

  open(): Promise<ServiceState> {
    return this.states.open(ref);
  }

  async later(ms: number): Promise<void> {
    this.now += ms;
    await this.checkpoints.look();
  }
}

test("one is made each interval, whatever the machine's clock is set to", async () => {
  const desk = new Desk();
  const state = await desk.open();
  await desk.later(0);
  for (const [index, setBy] of [0, 3_600 * second, -900 * second].entries()) {
    desk.setBy = setBy;
    await write(state, put("a", String(index)));
    await desk.later(59 * second);
    expect(desk.told.filter((told) => told === "interval")).toHaveLength(index);
    await desk.later(second);
    expect(desk.told.filter((told) => told === "interval")).toHaveLength(index + 1);
  }
  await desk.states.closeAll();
});

test("one is made each interval in which the state changed, and the oldest go", async () => {
  const desk = new Desk();
  const state = await desk.open();
  await desk.later(0);
  await write(state, put("a", "1"));
  await desk.later(59 * second);
  expect(desk.told).toEqual([]);
  await desk.later(second);
  expect(desk.told).toEqual(["interval"]);
  await desk.later(120 * second);
  expect(desk.told).toEqual(["interval"]);
  for (const value of ["2", "3"]) {
    await write(state, put("a", value));
    await desk.later(60 * second);
  }
  expect(desk.told).toEqual(["interval", "interval", "interval", "deleted 1"]);
  await desk.states.closeAll();
});

test("a log that has grown long gets one before its time, as after a crash, when positions go on far ahead", async () => {
  const before = new Desk();
  await write(await before.open(), put("a", "1"));
  const folder = stateFolder();
  cpSync(before.folder, folder, { recursive: true });
  const desk = new Desk(folder);
  expect((await desk.open()).position).toBeGreaterThan(1_000_000);
  await desk.later(0);
  expect(desk.told).toEqual(["log_limit"]);
  await Promise.all([before.states.closeAll(), desk.states.closeAll()]);
});

test("a log is bounded without checkpoints by time: it gets one whenever it has grown, and the oldest go with their log", async () => {
  const logBounds = { entries: 1_000_000, bytes: 100_000, kept: 150_000 };
  const desk = new Desk(stateFolder(), { checkpoint_ms: 0, logBounds });
  const state = await desk.open();
  let longest = 0;
  for (let round = 0; round < 60; round++) {
    await write(state, put(`key${round % 3}`, "v".repeat(20_000)));
    await desk.later(1);
    longest = Math.max(longest, state.stats().wal_bytes);
  }
  expect(new Set(desk.told)).toEqual(new Set(["log_limit", "deleted 1"]));
  expect(longest).toBeLessThan(logBounds.bytes + logBounds.kept + 25_000);
  expect(desk.told.filter((told) => told === "log_limit").length).toBeGreaterThan(8);
  await desk.states.closeAll();
});

test("before a risk and at shutdown one is made of what is open and has changed", async () => {
  const desk = new Desk();
  await desk.checkpoints.beforeRisk(ref, "update");
  expect(desk.told).toEqual([]);
  const state = await desk.open();
  await write(state, put("a", "1"));
  await desk.checkpoints.beforeRisk(ref, "update");
  await desk.checkpoints.atShutdown();
  expect(desk.told).toEqual(["update"]);
  await write(state, put("a", "2"));
  await desk.checkpoints.atShutdown();
  expect(desk.told).toEqual(["update", "shutdown"]);
  expect(desk.checkpoints.of(ref).catalog.list()).toHaveLength(2);
  expect(desk.states.folderOf(ref)).toBe(join(desk.folder, "default", "svc"));
  await desk.states.closeAll();
});

test("one that fails is told of, and nobody is stopped by it", async () => {
  const desk = new Desk();
  const state = await desk.open();
  await write(state, put("a", "1"));
  await state.close();
  await desk.checkpoints.makeIfChanged(ref, state, "interval");
  expect(desk.told).toEqual(["interval: not_running"]);
});
