import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { SoloError } from "../../../../src/api/index.ts";
import { type KernelDatabase, openDatabase, openDatabaseReadOnly } from "../../../../src/kernel/database/index.ts";
import { applicationId, migrations } from "../../../../src/kernel/database/schema.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const open: KernelDatabase[] = [];

afterEach(() => {
  for (const database of open.splice(0)) database.close();
});

function opened(path: string): KernelDatabase {
  const database = openDatabase(path);
  open.push(database);
  return database;
}

/** A folder with the files of a kernel that was killed: the log not folded in, the mark of a clean end missing. */
function crashed(fill: (database: KernelDatabase) => void = () => {}): string {
  const [source, target] = [temporaryFolder(), temporaryFolder()];
  const database = openDatabase(join(source, "kernel.db"));
  fill(database);
  for (const name of readdirSync(source)) copyFileSync(join(source, name), join(target, name));
  database.close();
  return join(target, "kernel.db");
}

function errorOf(attempt: () => unknown): SoloError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SoloError) return error;
    throw error;
  }
  throw new Error("expected a SoloError");
}

test("a database of an earlier Solo is read as it is, and brought up to date by a kernel", () => {
  for (const [steps] of migrations.entries()) {
    if (steps === 0) continue;
    const path = join(temporaryFolder(), "kernel.db");
    const raw = new Database(path);
    for (const step of migrations.slice(0, steps)) raw.run(step);
    raw.run(`PRAGMA application_id = ${applicationId}`);
    raw.run(`PRAGMA user_version = ${steps}`);
    raw.run(
      "INSERT INTO services (tenant, name, revision, desired, replicas, created_ms, updated_ms) VALUES ('t', 'a', 'r', 'running', 2, 1, 1)",
    );
    raw.run(
      "INSERT INTO instances (id, tenant, service, revision, state, pid, start_time, boot_id, port, serves, key, started_ms, restarts) VALUES ('i', 't', 'a', 'r', 'ready', 1, 1, 'b', 1, 1, 'k', 1, 0)",
    );
    raw.close();
    const service = { ref: { tenant: "t", name: "a" }, replicas: 2, serves: false };
    const reading = openDatabaseReadOnly(path);
    expect(reading?.services.list()).toMatchObject([service]);
    expect(reading?.instances.list()).toMatchObject([{ id: "i", shape: null }]);
    reading?.close();
    const database = opened(path);
    expect(database.services.list()).toMatchObject([service]);
    expect(database.instances.list()).toMatchObject([{ id: "i", shape: null }]);
    expect(database.rollouts.list()).toEqual([]);
  }
});

test("a new database is its owner's only, and durable by its settings", () => {
  const path = join(temporaryFolder(), "kernel.db");
  const { handle } = opened(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
  expect(handle.query("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  expect(handle.query("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
  expect(handle.query("PRAGMA foreign_keys").get()).toEqual({ foreign_keys: 1 });
});

test("what was written is there after a close and after a kill", () => {
  const path = crashed((database) => database.meta.set("id", "one"));
  const first = openDatabase(path);
  expect(first.meta.get("id")).toBe("one");
  first.close();
  expect(readdirSync(join(path, ".."))).toEqual(["kernel.db"]);
  expect(opened(path).meta.get("id")).toBe("one");
});

test("a file that is no database is refused with the way out, and stays as it is", () => {
  const path = join(temporaryFolder(), "kernel.db");
  writeFileSync(path, "x".repeat(10_000));
  for (const error of [errorOf(() => openDatabase(path)), errorOf(() => openDatabaseReadOnly(path))]) {
    expect(error.code).toBe("storage_corrupt");
    expect(error.message).toContain(path);
    expect(error.hint).toContain(".recover");
  }
  expect(readFileSync(path, "utf8")).toBe("x".repeat(10_000));
});

test("damage inside is found at the start after an unclean end", () => {
  const path = crashed((database) => {
    for (let index = 0; index < 2_000; index++) database.meta.set(`key ${index}`, "value ".repeat(10));
    database.handle.run("PRAGMA wal_checkpoint(TRUNCATE)");
  });
  const fd = openSync(path, "r+");
  for (let page = 12; page < statSync(path).size / 4_096 - 1; page++)
    writeSync(fd, Buffer.alloc(300, 0xa5), 0, 300, page * 4_096);
  closeSync(fd);
  const error = errorOf(() => openDatabase(path));
  expect(error.code).toBe("storage_corrupt");
  expect(error.message).toContain(path);
});

test("a newer database is refused, and stays as it is", () => {
  const path = join(temporaryFolder(), "kernel.db");
  openDatabase(path).close();
  const raw = new Database(path);
  raw.run("PRAGMA user_version = 999");
  raw.close();
  for (const error of [errorOf(() => openDatabase(path)), errorOf(() => openDatabaseReadOnly(path))]) {
    expect(error.code).toBe("data_too_new");
    expect(error.message).toContain("schema 999");
  }
});

test("the database of another program is refused", () => {
  const path = join(temporaryFolder(), "kernel.db");
  const raw = new Database(path);
  raw.run("CREATE TABLE theirs (a)");
  raw.close();
  expect(errorOf(() => openDatabase(path)).code).toBe("storage_corrupt");
});

test("a folder that doesn't exist is an error that names the file", () => {
  const path = join(temporaryFolder(), "none", "kernel.db");
  const error = errorOf(() => openDatabase(path));
  expect([error.code, error.message.includes(path)]).toEqual(["io_error", true]);
});

test("reading makes and changes no file, whether the last kernel stopped, was killed or runs", () => {
  const stopped = join(temporaryFolder(), "kernel.db");
  const database = openDatabase(stopped);
  database.meta.set("id", "one");
  database.close();
  const killed = crashed((lost) => lost.meta.set("id", "one"));
  const withoutIndex = join(temporaryFolder(), "kernel.db");
  for (const suffix of ["", "-wal"]) copyFileSync(`${killed}${suffix}`, `${withoutIndex}${suffix}`);
  const running = join(temporaryFolder(), "kernel.db");
  opened(running).meta.set("id", "one");

  for (const path of [stopped, killed, withoutIndex, running]) {
    const before = content(path);
    const reader = openDatabaseReadOnly(path);
    expect(reader?.meta.get("id")).toBe("one");
    expect(reader?.services.list()).toEqual([]);
    expect(() => reader?.meta.set("id", "two")).toThrow();
    reader?.close();
    expect(content(path)).toEqual(before);
  }
});

test("where there is no database, reading finds none and makes none", () => {
  const path = join(temporaryFolder(), "kernel.db");
  expect(openDatabaseReadOnly(path)).toBeUndefined();
  expect(existsSync(path)).toBe(false);
  writeFileSync(path, "");
  expect(openDatabaseReadOnly(path)).toBeUndefined();
  expect(statSync(path).size).toBe(0);
});

test("a transaction is kept as a whole or not at all", () => {
  const database = opened(join(temporaryFolder(), "kernel.db"));
  const attempt = () =>
    database.transaction(() => {
      database.meta.set("a", "1");
      throw new Error("stop");
    });
  expect(attempt).toThrow("stop");
  expect(database.meta.get("a")).toBeUndefined();
  expect(database.transaction(() => database.meta.set("a", "2") ?? "done")).toBe("done");
  expect(database.meta.get("a")).toBe("2");
});

/** The folder's files and the bytes of those that hold data (the index, -shm, is shared memory). */
function content(path: string): unknown[] {
  const folder = join(path, "..");
  return readdirSync(folder)
    .sort()
    .map((name) => [name, name.endsWith("-shm") ? "" : Bun.hash(readFileSync(join(folder, name)))]);
}
