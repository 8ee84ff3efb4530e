import { Database } from "bun:sqlite";
import { chmodSync, closeSync, existsSync, openSync } from "node:fs";
import { SoloError } from "../../api/index.ts";

/** A secret without its value. */
export interface SecretRecord {
  readonly tenant: string;
  readonly name: string;
  /** 1 for the first value, one more with each that replaces it. */
  readonly version: number;
  /** Length of the value. */
  readonly bytes: number;
  /** Wall milliseconds. */
  readonly created: number;
  readonly updated: number;
}

export interface SealedSecret extends SecretRecord {
  /** Which of the tenant's keys it is sealed by. */
  readonly key: number;
  readonly sealed: Uint8Array;
}

export interface SealedKey {
  readonly tenant: string;
  readonly id: number;
  readonly sealed: Uint8Array;
}

/** The bytes of "SoSe". */
const applicationId = 0x53_6f_53_65;
const schemaVersion = 1;
const schema = `
  CREATE TABLE data_keys (
    tenant TEXT PRIMARY KEY, id INTEGER NOT NULL, sealed BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE secrets (
    tenant TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, key INTEGER NOT NULL, sealed BLOB NOT NULL,
    bytes INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/**
 * secrets.db: sealed values and sealed keys. Every change is one transaction, synced before it is acknowledged; what is
 * replaced or deleted is overwritten in the file.
 */
export class SecretTable {
  readonly path: string;
  readonly #database: Database;

  private constructor(path: string, database: Database) {
    this.path = path;
    this.#database = database;
  }

  /** @throws SoloError `storage_corrupt`, `data_too_new`, `io_error`, `storage_full` */
  static open(path: string): SecretTable {
    if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
    chmodSync(path, 0o600);
    return guarded(path, () => {
      const database = new Database(path, { readwrite: true, create: false, strict: true });
      try {
        database.run("PRAGMA busy_timeout = 2000");
        // Few, small changes: a rollback journal leaves one file, and nothing of the old values beside it.
        database.run("PRAGMA journal_mode = DELETE");
        database.run("PRAGMA synchronous = EXTRA");
        database.run("PRAGMA secure_delete = ON");
        prepare(path, database);
        return new SecretTable(path, database);
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  /** To look at names while no kernel runs; undefined when there are no secrets. Changes nothing. */
  static openForReading(path: string): SecretTable | undefined {
    if (!existsSync(path)) return undefined;
    return guarded(path, () => {
      const database = new Database(path, { readonly: true, strict: true });
      return new SecretTable(path, database);
    });
  }

  list(tenant?: string): SecretRecord[] {
    return this.#secrets(tenant).map(({ sealed: _, key: __, ...record }) => record);
  }

  all(): SealedSecret[] {
    return this.#secrets();
  }

  get(tenant: string, name: string): SealedSecret | undefined {
    const query = this.#database.query<Row, [string, string]>("SELECT * FROM secrets WHERE tenant = ? AND name = ?");
    const row = guarded(this.path, () => query.get(tenant, name));
    return row === null ? undefined : toSecret(row);
  }

  put(secret: SealedSecret): void {
    const { tenant, name, version, key, sealed, bytes, created, updated } = secret;
    this.#run("INSERT OR REPLACE INTO secrets VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [
      tenant,
      name,
      version,
      key,
      sealed,
      bytes,
      created,
      updated,
    ]);
  }

  remove(tenant: string, name: string): void {
    this.#run("DELETE FROM secrets WHERE tenant = ? AND name = ?", [tenant, name]);
  }

  keys(): SealedKey[] {
    const query = this.#database.query<{ tenant: string; id: number; sealed: Uint8Array }, []>(
      "SELECT tenant, id, sealed FROM data_keys ORDER BY tenant",
    );
    return guarded(this.path, () => query.all());
  }

  putKey({ tenant, id, sealed }: SealedKey): void {
    this.#run("INSERT OR REPLACE INTO data_keys VALUES (?, ?, ?)", [tenant, id, sealed]);
  }

  meta(key: string): string | undefined {
    const query = this.#database.query<{ value: string }, [string]>("SELECT value FROM meta WHERE key = ?");
    return guarded(this.path, () => query.get(key))?.value;
  }

  setMeta(key: string, value: string): void {
    this.#run("INSERT OR REPLACE INTO meta VALUES (?, ?)", [key, value]);
  }

  /** All that `change` writes is kept, or nothing of it. */
  transaction(change: () => void): void {
    guarded(this.path, () => this.#database.transaction(change).immediate());
  }

  close(): void {
    this.#database.close();
  }

  #secrets(tenant?: string): SealedSecret[] {
    const rows = guarded(this.path, () =>
      tenant === undefined
        ? this.#database.query<Row, []>("SELECT * FROM secrets ORDER BY tenant, name").all()
        : this.#database.query<Row, [string]>("SELECT * FROM secrets WHERE tenant = ? ORDER BY name").all(tenant),
    );
    return rows.map(toSecret);
  }

  #run(sql: string, values: (string | number | Uint8Array)[]): void {
    guarded(this.path, () => this.#database.query(sql).run(...values));
  }
}

interface Row {
  tenant: string;
  name: string;
  version: number;
  key: number;
  sealed: Uint8Array;
  bytes: number;
  created: number;
  updated: number;
}

function toSecret({ tenant, name, version, key, sealed, bytes, created, updated }: Row): SealedSecret {
  return { tenant, name, version, key, sealed, bytes, created, updated };
}

function prepare(path: string, database: Database): void {
  const version = pragma(database, "user_version");
  if (version > schemaVersion) {
    throw new SoloError("data_too_new", `${path}: written by a newer Solo`, { hint: "use the newer solo again" });
  }
  if (version === schemaVersion) {
    if (pragma(database, "application_id") !== applicationId) throw damaged(path, "it belongs to another program");
    return;
  }
  database
    .transaction(() => {
      database.run(schema);
      database.run(`PRAGMA application_id = ${applicationId}`);
      database.run(`PRAGMA user_version = ${schemaVersion}`);
    })
    .immediate();
}

function pragma(database: Database, name: "user_version" | "application_id"): number {
  return Number(Object.values(database.query(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
}

function guarded<Result>(path: string, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) throw damaged(path, code, error);
    if (code.startsWith("SQLITE_BUSY")) {
      throw new SoloError("locked", `${path}: another program keeps it locked`, {
        hint: "close programs that have it open, such as sqlite3, then repeat the command",
        cause: error,
      });
    }
    if (code.startsWith("SQLITE_") && code !== "SQLITE_FULL") {
      throw new SoloError("io_error", `${path}: can't be read or written (${code})`, {
        hint: "check that the file and its folder are yours; after a crash `solo start` mends what was interrupted",
        cause: error,
      });
    }
    // A statement or a transaction, kept as a whole or not at all.
    throw SoloError.from(error, "no");
  }
}

function damaged(path: string, reason: string, cause?: unknown): SoloError {
  return new SoloError("storage_corrupt", `${path}: the secrets are damaged (${reason})`, {
    hint: "nothing was changed. Restore the file from a backup, or move it away and set the secrets anew",
    cause,
  });
}
