import type { Database } from "bun:sqlite";
import { type EventDocument, SoloError } from "../../api/index.ts";

export interface EventFilter {
  readonly tenant: string;
  /** Only events of this service and its instances. */
  readonly name?: string | undefined;
  /** Only events from this moment on: RFC 3339 in UTC with milliseconds, as stored. */
  readonly since?: string | undefined;
}

export type Row = Readonly<Record<string, unknown>>;

/** Pages of events from a table of that schema. The index (tenant, service, id) answers those of one service. */
export function eventPage(database: Database) {
  const select = (service: string, order: string) =>
    database.query<Row, (string | number)[]>(
      `SELECT id, time, tenant, event, subject, cause, data FROM events
       WHERE tenant = ? ${service} AND id > ? AND time >= ? ORDER BY id ${order} LIMIT ?`,
    );
  const ofService = "AND service = ?";
  const ascending = { tenant: select("", "ASC"), service: select(ofService, "ASC") };
  const descending = { tenant: select("", "DESC"), service: select(ofService, "DESC") };
  const page = (
    queries: typeof ascending,
    { tenant, name, since = "" }: EventFilter,
    cursor: number,
    limit: number,
  ) => {
    const rows =
      name === undefined
        ? queries.tenant.all(tenant, cursor, since, limit)
        : queries.service.all(tenant, name, cursor, since, limit);
    return rows.map(toDocument);
  };
  const one = database.query<Row, [number]>(
    "SELECT id, time, tenant, event, subject, cause, data FROM events WHERE id = ?",
  );
  return {
    byId: (id: number) => {
      const row = one.get(id);
      return row === null ? undefined : toDocument(row);
    },
    after: (filter: EventFilter, cursor: number, limit: number) => page(ascending, filter, cursor, limit),
    last: (filter: EventFilter, limit: number) => page(descending, filter, 0, limit).reverse(),
  };
}

function toDocument(row: Row): EventDocument {
  const { id, time, tenant, event, subject, cause, data } = row;
  if (
    typeof id !== "number" ||
    typeof time !== "string" ||
    typeof tenant !== "string" ||
    typeof event !== "string" ||
    typeof subject !== "string" ||
    (typeof cause !== "number" && cause !== null)
  ) {
    throw new SoloError("storage_corrupt", `kernel.db: unexpected record of event ${String(id)}`, {
      hint: "restore a backup of the data folder, or report this with the output of `solo doctor --json`",
    });
  }
  return { type: "event", id, time, tenant, event, subject, cause, data: dataOf(data), cursor: String(id) };
}

/** What an event says in addition is never worth failing for. */
function dataOf(text: unknown): Record<string, unknown> {
  try {
    const value: unknown = typeof text === "string" ? JSON.parse(text) : {};
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
