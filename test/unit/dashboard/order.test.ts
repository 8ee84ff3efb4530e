import { expect, test } from "bun:test";
import type { ServiceRow } from "../../../src/api/documents.ts";
import { arranged } from "../../../src/dashboard/services/order.ts";

function row(service: string, changes: Partial<ServiceRow> = {}): ServiceRow {
  const measured = { replicas: 1, ready: 1, restarts: 0, uptime_ms: 1, rss_bytes: 1, cpu_percent: 0, url: null };
  const known = { tenant: "default", revision: "0a1b", kind: "source", state: "ready", sandbox: "enforce" } as const;
  return { service, ...known, ...measured, ...changes };
}
const names = (rows: readonly ServiceRow[]) => rows.map(({ service }) => service);
const rows = [row("web-10"), row("web-2", { restarts: 3 }), row("api", { state: "crash_loop", restarts: 3 })];

test("services stand in the order of a column, numbers in names by their value, equal ones by their names", () => {
  expect(names(arranged(rows, "", { by: "service", descending: false }))).toEqual(["api", "web-2", "web-10"]);
  expect(names(arranged(rows, "", { by: "service", descending: true }))).toEqual(["web-10", "web-2", "api"]);
  expect(names(arranged(rows, "", { by: "restarts", descending: true }))).toEqual(["api", "web-2", "web-10"]);
});

test("a search takes words of name, state, kind and revision, all of which must fit", () => {
  const order = { by: "service", descending: false } as const;
  expect(names(arranged(rows, "WEB ready", order))).toEqual(["web-2", "web-10"]);
  expect(names(arranged(rows, "crash loop", order))).toEqual(["api"]);
  expect(names(arranged(rows, "web crash", order))).toEqual([]);
});
