/**
 * The tables of kernel.db, as the steps that lead to them: `user_version` counts the steps taken. A step, once released, is
 * never changed; a new one is added below it. Times are wall milliseconds (UTC), JSON is text.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE services (
    tenant     TEXT NOT NULL,
    name       TEXT NOT NULL,
    revision   TEXT NOT NULL,
    desired    TEXT NOT NULL CHECK (desired IN ('running', 'stopped', 'completed', 'failed')),
    replicas   INTEGER NOT NULL CHECK (replicas >= 0),
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE revisions (
    tenant     TEXT NOT NULL,
    name       TEXT NOT NULL,
    id         TEXT NOT NULL,
    spec       TEXT NOT NULL,
    digest     TEXT NOT NULL,
    entry      TEXT NOT NULL,
    command    TEXT NOT NULL,
    listens    INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, name, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE instances (
    id         TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    service    TEXT NOT NULL,
    revision   TEXT NOT NULL,
    state      TEXT NOT NULL,
    pid        INTEGER,
    start_time INTEGER,
    boot_id    TEXT NOT NULL,
    port       INTEGER NOT NULL,
    serves     INTEGER NOT NULL,
    key        TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    restarts   INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX instances_of_service ON instances (tenant, service);

  CREATE TABLE groups (
    tenant   TEXT NOT NULL,
    name     TEXT NOT NULL,
    strategy TEXT NOT NULL CHECK (strategy IN ('one_for_one', 'rest_for_one', 'one_for_all')),
    services TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    time        TEXT NOT NULL,
    tenant      TEXT NOT NULL,
    service     TEXT,
    event       TEXT NOT NULL,
    subject     TEXT NOT NULL,
    cause       INTEGER,
    data        TEXT NOT NULL,
    total_bytes INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX events_of_service ON events (tenant, service, id);

  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;`,

  `ALTER TABLE instances ADD COLUMN shape TEXT;

  ALTER TABLE services ADD COLUMN serves INTEGER NOT NULL DEFAULT 0;

  CREATE INDEX revisions_of_digest ON revisions (digest);

  CREATE TABLE rollouts (
    tenant      TEXT NOT NULL,
    name        TEXT NOT NULL,
    revision    TEXT NOT NULL,
    replicas    INTEGER NOT NULL CHECK (replicas >= 0),
    accepted_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
  ) STRICT, WITHOUT ROWID;`,

  `CREATE TABLE capabilities (
    id          TEXT PRIMARY KEY,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    tenant      TEXT NOT NULL,
    resource    TEXT NOT NULL,
    permissions TEXT NOT NULL,
    holder      TEXT,
    parent      TEXT,
    created_ms  INTEGER NOT NULL,
    expires_ms  INTEGER,
    revoked_ms  INTEGER,
    rate        INTEGER,
    calls       INTEGER,
    used        INTEGER NOT NULL,
    instance    TEXT
  ) STRICT, WITHOUT ROWID;`,

  `CREATE TABLE registrations (
    handle        TEXT PRIMARY KEY,
    tenant        TEXT NOT NULL,
    service_id    TEXT NOT NULL,
    service_name  TEXT NOT NULL,
    instance      TEXT NOT NULL,
    version       TEXT NOT NULL,
    metadata      TEXT NOT NULL,
    url           TEXT,
    ttl_ms        INTEGER NOT NULL CHECK (ttl_ms >= 0),
    registered_ms INTEGER NOT NULL,
    expires_ms    INTEGER,
    UNIQUE (tenant, service_name, service_id, instance)
  ) STRICT, WITHOUT ROWID;`,

  `CREATE TABLE idempotency (
    owner      TEXT NOT NULL,
    key        TEXT NOT NULL,
    tenant     TEXT NOT NULL,
    operation  TEXT NOT NULL,
    digest     TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    outcome    TEXT,
    bytes      INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX idempotency_of_tenant ON idempotency (tenant, bytes);
  CREATE INDEX idempotency_by_time ON idempotency (created_ms);`,

  "CREATE INDEX capabilities_of_instances ON capabilities (instance) WHERE instance IS NOT NULL;",
];

/** Marks the file as Solo's (SQLite's `application_id`): the bytes of "Solo". */
export const applicationId = 0x53_6f_6c_6f;
