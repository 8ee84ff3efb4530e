import { dirname } from "node:path";
import { nameForm, namePattern } from "../api/name-pattern.ts";
import { type ConfigDocument, isTable } from "./document.ts";
import { suggest } from "./nearest.ts";
import { expandPath, type Folders } from "./paths.ts";
import type { Problem } from "./problem.ts";
import { integer, type Reader, Refusal, refusalMessage, size } from "./value-types.ts";

/** What a tenant may use and name. What is absent, its quotas don't bound. */
export interface TenantSettings {
  /** Services that are wanted at a time. */
  readonly max_services?: number;
  /** Resident bytes of all its services' processes together. */
  readonly max_memory?: number;
  /** Of one core, as an average over 10 s: 2 is two cores. */
  readonly max_cpu?: number;
  /** Bytes on the disk: state, logs, files of its services, programs that were brought. */
  readonly max_disk?: number;
  /** Operations a second, of all its capabilities together. */
  readonly rate?: number;
  /** Operations and calls in flight at a time; in the place of `limits.max_per_tenant`. */
  readonly max_calls?: number;
  /** Absolute. What its deploys may name beside what is the tenant's own and the system's programs. */
  readonly paths: readonly string[];
}

const most = 1_000_000;
const readers = {
  max_services: integer("a number of services", 0, most),
  max_memory: size(1_048_576, 1e15),
  max_cpu: cores(),
  max_disk: size(1_048_576, 1e18),
  rate: integer("operations a second", 1, most),
  max_calls: integer("a number of operations", 1, most),
} as const satisfies Record<string, Reader<number>>;
type QuotaKey = keyof typeof readers;
/** What a tenant's table may hold. */
export const tenantKeys: readonly string[] = [...Object.keys(readers), "paths"];

/** Reads `[tenants.NAME]` tables; what is wrong with them goes to `problems`. */
export function readTenants(
  document: ConfigDocument,
  path: string,
  user: Folders,
  problems: Problem[],
): Map<string, TenantSettings> {
  const tenants = new Map<string, TenantSettings>();
  const tables = document.value.tenants;
  if (tables === undefined) return tenants;
  if (!isTable(tables)) {
    problems.push(document.problem(["tenants"], "expected tables such as [tenants.NAME]"));
    return tenants;
  }
  const absolute = (written: string) => expandPath(written, dirname(path), user.home);
  for (const [name, table] of Object.entries(tables)) {
    const at = ["tenants", name];
    if (!namePattern.test(name)) {
      const message = `invalid tenant name ${JSON.stringify(name)}: use ${nameForm}`;
      problems.push(document.problem(at, message, { at: "key" }));
    } else if (!isTable(table)) problems.push(document.problem(at, "expected a table of quotas"));
    else tenants.set(name, readTenant(document, at, table, absolute, problems));
  }
  return tenants;
}

function readTenant(
  document: ConfigDocument,
  at: readonly string[],
  table: Readonly<Record<string, unknown>>,
  absolute: (path: string) => string,
  problems: Problem[],
): TenantSettings {
  const quotas: Partial<Record<QuotaKey, number>> = {};
  let paths: string[] = [];
  const refuse = (key: string, refusal: Refusal, value: unknown) => {
    const options = refusal.hint === null ? {} : { hint: refusal.hint };
    problems.push(document.problem([...at, key], refusalMessage(refusal, value), options));
  };
  for (const [key, value] of Object.entries(table)) {
    if (key === "paths") {
      const read = pathList(value);
      if (read instanceof Refusal) refuse(key, read, value);
      else paths = read.map(absolute);
    } else if (isQuotaKey(key)) {
      const read = readers[key].fromFile(value);
      if (read instanceof Refusal) refuse(key, read, value);
      else quotas[key] = read;
    } else {
      problems.push(document.problem([...at, key], "unknown key", { at: "key", hint: suggest(key, tenantKeys) }));
    }
  }
  return { ...quotas, paths };
}

function isQuotaKey(key: string): key is QuotaKey {
  return Object.hasOwn(readers, key);
}

function pathList(value: unknown): string[] | Refusal {
  const isList = Array.isArray(value) && value.every((path) => typeof path === "string" && path !== "");
  return isList ? value.map(String) : new Refusal('files and folders such as ["/srv/acme"]');
}

function cores(): Reader<number> {
  const refusal = new Refusal("a number of cores from 0.01 to 1024");
  return {
    fromFile: (value) => (typeof value === "number" && value >= 0.01 && value <= 1_024 ? value : refusal),
  };
}
