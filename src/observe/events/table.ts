import type { Database } from "bun:sqlite";
import type { EventDocument } from "../../api/index.ts";
import { type EventFilter, eventPage, type Row } from "./query.ts";

/** An event as it goes into the table, its data already as JSON. */
export interface StoredEvent {
  readonly id: number;
  readonly time: string;
  readonly tenant: string;
  readonly event: string;
  readonly subject: string;
  readonly cause: number | null;
  readonly data: string;
}

export interface EventBudget {
  readonly rows: number;
  readonly bytes: number;
}

/** What a row takes beside its texts: id, time, sizes and its entry in the index. */
const rowOverheadBytes = 96;
/** How far the table may exceed its budget before it is pruned, so that not every insert deletes as well. */
const pruneSlack = 1.02;
/** Rows removed at a time, to keep pauses short. They are at least twice those added, so that pruning catches up. */
const pruneBatchRows = 2_000;
/** Beyond this the batch no longer limits it: small old rows don't make room for large new ones fast enough. */
const pruneHardLimit = 1.25;

/**
 * The rows of the `events` table. Ids have no gaps, and each row knows the bytes written up to it since the first event, so
 * that counts and sizes are differences between two rows, whatever the number of rows.
 */
export class EventTable {
  readonly #database: Database;
  readonly #budget: EventBudget;
  readonly #insert;
  readonly #edge;
  readonly #totalAt;
  readonly #prune;
  readonly #pages;

  constructor(database: Database, budget: EventBudget) {
    this.#database = database;
    this.#budget = budget;
    this.#insert = database.query<null, (string | number | null)[]>(
      `INSERT INTO events (id, time, tenant, service, event, subject, cause, data, total_bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#edge = {
      first: database.query<Edge, []>("SELECT id, total_bytes FROM events ORDER BY id LIMIT 1"),
      last: database.query<Edge, []>("SELECT id, total_bytes FROM events ORDER BY id DESC LIMIT 1"),
      sequence: database.query<{ seq: number }, []>("SELECT seq FROM sqlite_sequence WHERE name = 'events'"),
    };
    this.#totalAt = database.query<Edge, [number]>(
      "SELECT id, total_bytes FROM events WHERE id >= ? ORDER BY id LIMIT 1",
    );
    this.#prune = database.query<null, [number]>("DELETE FROM events WHERE id <= ?");
    this.#pages = eventPage(database);
  }

  /** The highest id ever given, rows that were pruned included. */
  lastId(): number {
    return this.#edge.sequence.get()?.seq ?? 0;
  }

  /** Writes all or none, with one sync, and then keeps the budget. Throws SQLite's error when it can't. */
  append(events: readonly StoredEvent[]): void {
    this.#database
      .transaction(() => {
        let total = this.#edge.last.get()?.total_bytes ?? 0;
        for (const { id, time, tenant, event, subject, cause, data } of events) {
          total += rowOverheadBytes + tenant.length + event.length + 2 * subject.length + Buffer.byteLength(data);
          this.#insert.run(id, time, tenant, serviceOf(tenant, subject), event, subject, cause, data, total);
        }
        this.#keepBudget(Math.max(pruneBatchRows, 2 * events.length));
      })
      .immediate();
  }

  byId(id: number): EventDocument | undefined {
    return this.#pages.byId(id);
  }

  /** Up to `limit` events that match, after `cursor`, oldest first. */
  after(filter: EventFilter, cursor: number, limit: number): EventDocument[] {
    return this.#pages.after(filter, cursor, limit);
  }

  /** The last `limit` events that match, oldest first. */
  last(filter: EventFilter, limit: number): EventDocument[] {
    return this.#pages.last(filter, limit);
  }

  #keepBudget(batchRows: number): void {
    const first = this.#edge.first.get();
    const last = this.#edge.last.get();
    if (first === null || last === null) return;
    const rows = (last.id - first.id + 1) / this.#budget.rows;
    const bytes = (last.total_bytes - first.total_bytes) / this.#budget.bytes;
    const byRows = rows > pruneSlack ? last.id - this.#budget.rows : 0;
    const byBytes = bytes > pruneSlack ? this.#firstWithin(first.id, last) - 1 : 0;
    const limit = Math.max(rows, bytes) > pruneHardLimit ? last.id : first.id + batchRows;
    const cut = Math.min(Math.max(byRows, byBytes), limit - 1);
    if (cut >= first.id) this.#prune.run(cut);
  }

  /** The oldest id that still fits in the byte budget, by bisection. */
  #firstWithin(firstId: number, last: Edge): number {
    const floor = last.total_bytes - this.#budget.bytes;
    let low = firstId;
    let high = last.id;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#totalAt.get(middle)?.total_bytes ?? last.total_bytes) < floor) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface Edge extends Row {
  readonly id: number;
  readonly total_bytes: number;
}

/** The service that a subject such as `tenant/service/instance` belongs to; null for others, such as `kernel`. */
function serviceOf(tenant: string, subject: string): string | null {
  const [owner, service] = subject.split("/");
  return owner === tenant && service !== undefined && service !== "" ? service : null;
}
