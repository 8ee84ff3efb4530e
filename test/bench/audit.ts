import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuditTrail } from "../../src/observe/audit/index.ts";
import { systemClock } from "../../src/system/index.ts";
import type { Bench } from "./support/bench.ts";
import { askedRow, peerRow, type Row } from "./support/row.ts";
import { median } from "./support/statistics.ts";

const wantedPerSecond = 20_000;

const subject = {
  actor: "capability:0123456789abcdef",
  tenant: "default",
  capability: "0123456789abcdef",
  request_id: "4ce11342-1664-4983-9577-06cc281f916f",
  operation: "deploy",
  subject: "default/web",
  cause: null,
};

export const audit: Bench = {
  name: "audit",
  summary:
    "Records of the audit trail, each hashed, chained and acknowledged after its sync and that of the head, by 1, 64 and 1,024 operations at a time: beside SQLite (`bun:sqlite`, WAL, synchronous=FULL) with as many inserts of the same size in each transaction, without a chain.",
  peers: [],
  async run({ quick, note }) {
    const runs = quick ? 1 : 5;
    const roundMs = quick ? 300 : 500;
    const rows: Row[] = [];
    for (const clients of [1, 64, 1_024]) {
      note(`${clients} in flight`);
      const solo: number[] = [];
      const sqlite: number[] = [];
      for (let run = 0; run < runs; run++) {
        solo.push(await inFolder((folder) => records(folder, clients, roundMs)));
        sqlite.push(await inFolder(async (folder) => inserts(folder, clients, roundMs)));
      }
      const measure = { name: `durable records, ${clients} in flight`, unit: "records/s", better: "higher" } as const;
      rows.push(peerRow(measure, solo, { name: "SQLite", values: sqlite }));
      if (clients === 1_024) rows.push(askedRow(measure, median(solo), wantedPerSecond, runs));
    }
    return rows;
  },
};

/** Each client records, waits until that is durable, and records again. */
async function records(folder: string, clients: number, roundMs: number): Promise<number> {
  const trail = new AuditTrail({
    folder: join(folder, "audit"),
    headPath: join(folder, "audit.head"),
    bytes: 64_000_000,
    lastWordsMs: 0,
    clock: systemClock,
  });
  await trail.open();
  let done = 0;
  const started = performance.now();
  const client = async () => {
    while (performance.now() - started < roundMs) {
      await trail.begin(subject);
      done++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const perSecond = done / ((performance.now() - started) / 1_000);
  await trail.close();
  return perSecond;
}

function inserts(folder: string, clients: number, roundMs: number): number {
  const database = new Database(join(folder, "peer.db"));
  database.run("PRAGMA journal_mode = WAL");
  database.run("PRAGMA synchronous = FULL");
  database.run("CREATE TABLE audit (id INTEGER PRIMARY KEY, record TEXT NOT NULL) STRICT");
  const insert = database.query("INSERT INTO audit (record) VALUES (?)");
  const record = JSON.stringify({ ...subject, time: new Date().toISOString(), kind: "begin", hash: "0".repeat(64) });
  const group = database.transaction(() => {
    for (let index = 0; index < clients; index++) insert.run(record);
  });
  let done = 0;
  const started = performance.now();
  while (performance.now() - started < roundMs) {
    group();
    done += clients;
  }
  const perSecond = done / ((performance.now() - started) / 1_000);
  database.close();
  return perSecond;
}

async function inFolder(run: (folder: string) => Promise<number>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "solo-bench-audit-"));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
