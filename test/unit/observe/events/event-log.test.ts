import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { type EventDocument, eventSchema } from "../../../../src/api/index.ts";
import { type KernelDatabase, openDatabase } from "../../../../src/kernel/database/index.ts";
import { EventLog } from "../../../../src/observe/events/index.ts";
import { systemClock } from "../../../../src/system/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const open: { log: EventLog; database: KernelDatabase }[] = [];

afterEach(() => {
  for (const { log, database } of open.splice(0)) {
    log.close();
    database.close();
  }
});

function events(path = join(temporaryFolder(), "kernel.db"), budget?: { rows: number; bytes: number }): EventLog {
  const database = openDatabase(path);
  const log = new EventLog(database.handle, systemClock, budget);
  open.push({ log, database });
  return log;
}

function emit(log: EventLog, name: string, event = "test", data: Record<string, unknown> = {}): EventDocument {
  return log.emit({ tenant: "default", event, subject: `default/${name}`, data });
}

async function collect(stream: AsyncIterable<EventDocument>, count = Number.POSITIVE_INFINITY): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of stream) if (ids.push(id) >= count) break;
  return ids;
}

test("an event is a valid document, and is read as it was emitted", async () => {
  const log = events();
  const cause = emit(log, "api", "deployed");
  const sent = log.emit({
    tenant: "default",
    event: "instance_ready",
    subject: "default/api/api-1",
    cause: cause.id,
    data: { pid: 4, nested: { a: [1] } },
  });
  expect(eventSchema.parse(sent)).toEqual(sent);
  const read: EventDocument[] = [];
  for await (const event of log.read({ tenant: "default" })) read.push(event);
  expect(read).toEqual([cause, sent]);
});

test("ids go on without a gap after a restart", () => {
  const path = join(temporaryFolder(), "kernel.db");
  const first = events(path);
  for (let index = 0; index < 10; index++) emit(first, "a");
  const { log, database } = open.pop() ?? { log: first, database: undefined };
  log.close();
  database?.close();
  expect(emit(events(path), "a").id).toBe(11);
});

test("a service's events are those of its name and its instances, no other's", async () => {
  const log = events();
  const own = [emit(log, "api"), emit(log, "api/api-1")];
  emit(log, "api2");
  emit(log, "api-1/api");
  log.emit({ tenant: "team", event: "test", subject: "team/api", data: {} });
  log.emit({ tenant: "default", event: "test", subject: "kernel", data: {} });
  expect(await collect(log.read({ tenant: "default", name: "api" }))).toEqual(own.map(({ id }) => id));
  expect(log.recent("default", "api", 1)).toEqual(own.slice(1));
  expect(await collect(log.read({ tenant: "default" }))).toHaveLength(5);
});

test("a service's recent events are those of the moment, however often they are asked for", () => {
  const log = events();
  const first = emit(log, "api");
  log.recent("default", "api", 5).pop();
  expect(log.recent("default", "api", 5)).toEqual([first]);
  const second = emit(log, "api");
  expect(log.recent("default", "api", 5)).toEqual([first, second]);
});

test("tail, since and a cursor choose where to begin", async () => {
  const log = events();
  for (let index = 0; index < 10; index++) emit(log, "a");
  const read = (request: object) => collect(log.read({ tenant: "default", ...request }));
  expect(await read({ tail: 3 })).toEqual([8, 9, 10]);
  expect(await read({ tail: 0 })).toEqual([]);
  expect(await read({ since_cursor: "7" })).toEqual([8, 9, 10]);
  expect(await read({ since_cursor: "5", tail: 2 })).toEqual([9, 10]);
  expect(await read({ since: "2000-01-01T00:00:00+02:00" })).toHaveLength(10);
  expect(await read({ since: "2999-01-01T00:00:00Z" })).toEqual([]);
});

test("a cursor that no event carries is refused at once", () => {
  const log = events();
  for (const since_cursor of ["", "x", "-1", "1e3", "9".repeat(20)]) {
    expect(() => log.read({ tenant: "default", since_cursor })).toThrow("invalid cursor");
  }
});

test("followers get each event once and in order, however slow they are", async () => {
  const log = events();
  for (let index = 0; index < 1_200; index++) emit(log, "a");
  const request = { tenant: "default", follow: true };
  const slow = log.read(request)[Symbol.asyncIterator]();
  await slow.next();
  const readers = [collect(log.read(request), 3_000), collect(log.read({ ...request, tail: 1 }), 1_801)];
  for (let index = 0; index < 1_800; index++) {
    emit(log, "a");
    if (index % 300 === 0) await Bun.sleep(0);
  }
  const [all = [], tail = []] = await Promise.all(readers);
  expect(all).toEqual(Array.from({ length: 3_000 }, (_, index) => index + 1));
  expect(tail).toEqual(all.slice(1_199));
  expect((await slow.next()).value.id).toBe(2);
  await slow.return?.();
});

test("a follower ends with its signal, and with the log", async () => {
  const log = events();
  const abort = new AbortController();
  const aborted = collect(log.read({ tenant: "default", follow: true }, abort.signal));
  const closed = collect(log.read({ tenant: "default", follow: true }));
  emit(log, "a");
  abort.abort();
  expect((await aborted).length).toBeLessThanOrEqual(1);
  log.close();
  expect(await closed).toBeArray();
  expect(emit(log, "a").id).toBe(0);
});

test("the table stays within its rows and bytes, and keeps the newest", async () => {
  const byRows = events(undefined, { rows: 1_000, bytes: 100_000_000 });
  for (let index = 0; index < 5_000; index++) {
    emit(byRows, "a");
    if (index % 100 === 99) byRows.flush();
  }
  const kept = await collect(byRows.read({ tenant: "default" }));
  expect(kept.length).toBeLessThanOrEqual(1_020);
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 5_000 - kept.length + 1 + index));

  const byBytes = events(undefined, { rows: 100_000, bytes: 500_000 });
  for (let index = 0; index < 200; index++) {
    emit(byBytes, "a", "big", { text: "x".repeat(10_000) });
    byBytes.flush();
  }
  expect((await collect(byBytes.read({ tenant: "default" }))).length).toBeWithin(40, 52);
});

test("data that is too long, or no JSON, is left out with a word about it", () => {
  const log = events();
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  expect(emit(log, "a", "test", { text: "x".repeat(20_000) }).data).toEqual({ omitted: "too long", bytes: 20_011 });
  expect(emit(log, "a", "test", circular).data).toEqual({ omitted: "not JSON" });
  expect(log.recent("default", "a", 2).map(({ data }) => Object.keys(data).length)).toEqual([2, 1]);
});

test("events that are emitted within a transaction which is undone stay, without a gap", () => {
  const log = events();
  const { database } = open[0] ?? {};
  const undone = () =>
    database?.transaction(() => {
      emit(log, "a");
      log.flush();
      throw new Error("undone");
    });
  expect(undone).toThrow("undone");
  emit(log, "a");
  expect(log.recent("default", "a", 10).map(({ id }) => id)).toEqual([1, 2]);
});
