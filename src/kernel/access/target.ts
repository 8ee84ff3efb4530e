import { type OperationName, operations, refusesNothing } from "../../api/index.ts";
import type { AccessRequest } from "./ports.ts";

/** What a request is about. */
export interface Target {
  readonly tenant: string | null;
  readonly names: readonly string[];
}

/** The tenant and the services that a checked input names, wherever it names them. */
export function targetOf(operation: OperationName, input: object): Target {
  const tenant = textOf(input, "tenant");
  const names = new Set<string>();
  const keep = (name: unknown) => typeof name === "string" && names.add(name);
  for (const field of nameFields) keep(fieldOf(input, field));
  for (const service of listOf(input, "services")) keep(fieldOf(service, "name"));
  for (const group of listOf(input, "groups")) for (const name of listOf(group, "services")) keep(name);
  // A bug in the table must not open anything.
  const { on } = operations[operation];
  if (on !== "kernel" && tenant === null) throw new Error(`the input of ${operation} names no tenant`);
  if (on === "service" && names.size === 0) throw new Error(`the input of ${operation} names no service`);
  return { tenant, names: [...names] };
}

const nameFields = ["name", "as", "service_id"];

/** A dry run changes nothing. */
export function isDryRun(input: object): boolean {
  return "dry_run" in input && input.dry_run === true;
}

/** What the operation needs: a method's call has a permission of its own. */
export function permissionFor(operation: OperationName, input: object): string {
  const { permission } = operations[operation];
  return operation === "call" ? `call:${textOf(input, "method")}` : permission;
}

/** What an operation needs beside its own permission, for what it asks. */
export interface FurtherNeed {
  readonly permission: string;
  readonly names: readonly string[];
}

/**
 * Nobody gives a service by a deploy what they may not do themselves: to go without a sandbox (it may then do whatever the
 * kernel's user may), to call others, to have secrets of the tenant.
 */
export function furtherNeeds({ operation, input }: Pick<AccessRequest, "operation" | "input">): FurtherNeed[] {
  // It takes a service from those who use it, as a stop does.
  if (operation === "remove") return [{ permission: "operate", names: [textOf(input, "name") ?? ""] }];
  // All of the state is in it.
  if (operation === "checkpointDownload") return [{ permission: "state:read", names: [textOf(input, "name") ?? ""] }];
  // A restore makes the state of it.
  if (operation === "checkpointImport") return [{ permission: "state:write", names: [textOf(input, "name") ?? ""] }];
  if (operation !== "deploy") return [];
  return listOf(input, "services").flatMap((service): FurtherNeed[] => {
    const names = [textOf(service, "name") ?? ""];
    const spec = fieldOf(service, "spec");
    const called = listOf(fieldOf(spec, "allow"), "call").filter((name) => typeof name === "string");
    const isUnsandboxed = refusesNothing(textOf(fieldOf(spec, "sandbox"), "mode"));
    return [
      ...(isUnsandboxed ? [{ permission: "unsandboxed", names }] : []),
      ...(called.length > 0 ? [{ permission: "call", names: called }] : []),
      ...(listOf(spec, "secrets").length > 0 ? [{ permission: "secrets:use", names }] : []),
    ];
  });
}

function textOf(value: unknown, field: string): string | null {
  const found = fieldOf(value, field);
  return typeof found === "string" ? found : null;
}

function listOf(value: unknown, field: string): readonly unknown[] {
  const found = fieldOf(value, field);
  return Array.isArray(found) ? found : [];
}

function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, field)) return undefined;
  const found: unknown = Reflect.get(value, field);
  return found;
}
