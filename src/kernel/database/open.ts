import { constants, Database } from "bun:sqlite";
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { corruptError, databaseError, tooNewError } from "./errors.ts";
import { applicationId, migrations } from "./schema.ts";

/** How long the opening waits for another process that holds the write lock, such as a sqlite3 shell. */
const busyTimeoutMs = 5_000;
/** And a statement of the running kernel: everything else in it stands still meanwhile. */
const runningBusyTimeoutMs = 100;
/** What the write-ahead log is cut back to when a burst has made it longer. */
const logBytes = 8_000_000;
/** A reader waits less: it only competes with a recovery. */
const readBusyTimeoutMs = 1_000;
/** Up to this size the whole file is checked after an unclean end (some 50 ms); above it, all tables but the events. */
const fullCheckBytes = 32_000_000;

/**
 * Opens kernel.db for the one kernel that holds the lock on its folder: creates or migrates it, and checks it when the last
 * kernel did not close it.
 * @throws SoloError `storage_corrupt`, `data_too_new`, `storage_full`, `io_error` or `locked`; the file is then unchanged
 */
export function openForKernel(path: string): Database {
  return guarded(path, () => {
    refuseEmptied(path);
    // SQLite gives -wal and -shm the mode of the database, which would be 0644.
    if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
    const database = new Database(path, { readwrite: true, create: false, strict: true });
    return closingOnError(database, () => {
      database.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
      checkIdentity(path, database);
      database.run("PRAGMA journal_mode = WAL");
      database.run("PRAGMA synchronous = FULL");
      database.run(`PRAGMA journal_size_limit = ${logBytes}`);
      database.run("PRAGMA foreign_keys = ON");
      if (!wasClosed(database)) checkIntegrity(path, database);
      migrate(database);
      database.run("INSERT OR REPLACE INTO meta VALUES ('closed', 'no')");
      database.run(`PRAGMA busy_timeout = ${runningBusyTimeoutMs}`);
      return database;
    });
  });
}

/** Closes the database, folding the log into it, and notes that nothing needs to be checked at the next start. */
export function closeForKernel(database: Database): void {
  try {
    database.run("INSERT OR REPLACE INTO meta VALUES ('closed', 'yes')");
  } catch {
    // On a full disk the next start checks the file: slower, and no worse.
  }
  database.close();
}

/**
 * Opens kernel.db to look into it while no kernel runs, creating and changing no file in its folder; `undefined` when there
 * is none yet.
 * @throws SoloError as {@link openForKernel} does
 */
export function openForReading(path: string): Database | undefined {
  return guarded(path, () => {
    refuseEmptied(path);
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined || size === 0) return undefined;
    const database = openUnchanged(path);
    return closingOnError(database, () => {
      database.run(`PRAGMA busy_timeout = ${readBusyTimeoutMs}`);
      checkIdentity(path, database);
      if (userVersion(database) > 0) return database;
      database.close();
      return undefined;
    });
  });
}

/**
 * A database is empty until its first table is made, and a crash at that moment leaves it so. One that lies beside artifacts
 * had tables: it was emptied, and to begin a new one would forget every service that runs.
 */
function refuseEmptied(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.size !== 0) return;
  const artifacts = join(dirname(path), "artifacts");
  if (existsSync(artifacts) && readdirSync(artifacts).length > 0) throw corruptError(path, "it is empty");
}

function openUnchanged(path: string): Database {
  const log = existsSync(`${path}-wal`);
  if (log && existsSync(`${path}-shm`)) return new Database(path, { readonly: true, strict: true });
  if (log) return openCopy(path);
  // Without its log a database in WAL mode can only be read without making one if SQLite is told that nobody writes to it.
  const uri = `file:${encodeURI(path).replaceAll("?", "%3f").replaceAll("#", "%23")}?immutable=1`;
  return new Database(uri, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
}

/** A log without its index, left by a copied folder: SQLite would have to write the index beside it. */
function openCopy(path: string): Database {
  const folder = mkdtempSync(join(tmpdir(), "solo-read-"));
  try {
    const copy = join(folder, basename(path));
    for (const suffix of ["", "-wal"]) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
    const database = new Database(copy, { readwrite: true, strict: true });
    database.run("PRAGMA query_only = ON");
    // The open files live on without their names.
    database.query("SELECT count(*) FROM sqlite_schema").get();
    return database;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Refuses a file of another program, and one of a newer Solo, before anything is written to it. */
function checkIdentity(path: string, database: Database): void {
  const version = userVersion(database);
  const application = pragma(database, "application_id");
  const tables = Number(Object.values(database.query("SELECT count(*) FROM sqlite_schema").get() ?? {})[0]);
  if (application === 0 && version === 0 && tables === 0) return;
  if (application !== applicationId) throw corruptError(path, "it is a SQLite database, but not one of Solo's");
  if (version > migrations.length) throw tooNewError(path, version, migrations.length);
}

function wasClosed(database: Database): boolean {
  if (userVersion(database) === 0) return true;
  const row = database.query<{ value: string }, []>("SELECT value FROM meta WHERE key = 'closed'").get();
  return row?.value === "yes";
}

function checkIntegrity(path: string, database: Database): void {
  const whole = statSync(path).size <= fullCheckBytes;
  const targets = whole ? [""] : ["('services')", "('revisions')", "('instances')", "('groups')", "('meta')"];
  for (const target of targets) {
    const row = database.query<{ quick_check: string }, []>(`PRAGMA quick_check${target}`).get();
    if (row?.quick_check !== "ok") throw corruptError(path, row?.quick_check ?? "the check gave no answer");
  }
}

function migrate(database: Database): void {
  const pending = migrations.slice(userVersion(database));
  if (pending.length === 0) return;
  database
    .transaction(() => {
      for (const step of pending) database.run(step);
      database.run(`PRAGMA application_id = ${applicationId}`);
      database.run(`PRAGMA user_version = ${migrations.length}`);
    })
    .immediate();
}

function userVersion(database: Database): number {
  return pragma(database, "user_version");
}

function pragma(database: Database, name: "user_version" | "application_id"): number {
  return Number(Object.values(database.query(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
}

function guarded<Result>(path: string, open: () => Result): Result {
  try {
    return open();
  } catch (error) {
    throw databaseError(path, error);
  }
}

function closingOnError<Result>(database: Database, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    database.close();
    throw error;
  }
}
