import type { Database } from "bun:sqlite";
import type { ServiceRef, ServiceSpec } from "../../api/index.ts";
import { integer, type Row, specification, strings, text } from "./rows.ts";

/** An artifact and the specification it was deployed with. Never changed once written. */
export interface RevisionRecord {
  readonly ref: ServiceRef;
  readonly id: string;
  readonly spec: ServiceSpec;
  /** Of the artifact's content. */
  readonly digest: string;
  /** The file to run (`source`, `wasm`), or the resolved executable (`command`). */
  readonly entry: string;
  /** The executable as resolved and its arguments (`command`), else empty. */
  readonly command: readonly string[];
  /** Whether the program is expected to listen on `$PORT`. */
  readonly mentionsPort: boolean;
  /** Wall time in milliseconds. */
  readonly created: number;
}

export interface RevisionStore {
  get(ref: ServiceRef, id: string): RevisionRecord | undefined;
  /** Newest first. */
  list(ref: ServiceRef): RevisionRecord[];
  /** Adds it; one that exists keeps its content and becomes the newest again. */
  save(record: RevisionRecord): void;
  remove(ref: ServiceRef, id: string): void;
  /** Digests of every artifact that some revision needs. */
  digests(): Set<string>;
  /** Whether some revision's specification has a path, or one beneath it. */
  mention(path: string): boolean;
}

export function revisionStore(database: Database): RevisionStore {
  const one = database.query<Row, [string, string, string]>(
    "SELECT * FROM revisions WHERE tenant = ? AND name = ? AND id = ?",
  );
  const ofService = database.query<Row, [string, string]>(
    "SELECT * FROM revisions WHERE tenant = ? AND name = ? ORDER BY created_ms DESC, id",
  );
  const put = database.query<null, [string, string, string, string, string, string, string, number, number]>(
    `INSERT INTO revisions (tenant, name, id, spec, digest, entry, command, listens, created_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (tenant, name, id) DO UPDATE SET created_ms = excluded.created_ms`,
  );
  const drop = database.query<null, [string, string, string]>(
    "DELETE FROM revisions WHERE tenant = ? AND name = ? AND id = ?",
  );
  const mention = database.query<Row, [string]>("SELECT 1 FROM revisions WHERE instr(spec, ?) > 0 LIMIT 1");
  const digests = database.query<Row, []>("SELECT DISTINCT digest FROM revisions");
  return {
    get({ tenant, name }, id) {
      const row = one.get(tenant, name, id);
      return row === null ? undefined : toRevision(row);
    },
    list: ({ tenant, name }) => ofService.all(tenant, name).map(toRevision),
    save({ ref: { tenant, name }, id, spec, digest, entry, command, mentionsPort, created }) {
      const listens = mentionsPort ? 1 : 0;
      put.run(tenant, name, id, JSON.stringify(spec), digest, entry, JSON.stringify(command), listens, created);
    },
    remove({ tenant, name }, id) {
      drop.run(tenant, name, id);
    },
    mention: (path) => mention.get(JSON.stringify(path).slice(1, -1)) !== null,
    digests: () => new Set(digests.all().map((row) => text(row, "digest"))),
  };
}

function toRevision(row: Row): RevisionRecord {
  return {
    ref: { tenant: text(row, "tenant"), name: text(row, "name") },
    id: text(row, "id"),
    spec: specification(row, "spec"),
    digest: text(row, "digest"),
    entry: text(row, "entry"),
    command: strings(row, "command"),
    mentionsPort: integer(row, "listens") === 1,
    created: integer(row, "created_ms"),
  };
}
