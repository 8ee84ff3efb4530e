import type { z } from "zod";

/**
 * What a capability may allow. `call` may be narrowed to one method: `call:METHOD`.
 * `admin` is for what concerns the kernel and its machine; it implies no other permission.
 */
export const permissions = [
  "read",
  "logs",
  "deploy",
  "unsandboxed",
  "operate",
  "call",
  "signal",
  "state:read",
  "state:write",
  "checkpoint",
  "secrets:use",
  "secrets:read",
  "secrets:write",
  "register",
  "audit",
  "grant",
  "admin",
] as const;
export type Permission = (typeof permissions)[number];

/** What every operation declares beside its route and schema; the access layer goes by it. */
export interface OperationAccess {
  /** `open`: no credentials are asked for; `any`: some valid credentials, whatever they allow. */
  readonly permission: Permission | "open" | "any";
  /**
   * What the caller's capability must cover. `kernel`: all tenants; `tenant`: the whole tenant of the request; `service`:
   * every service that the request names (`name`, `as`, `services`, `groups`); `visible`: some of the tenant, and the answer is
   * reduced to that.
   */
  readonly on: "kernel" | "tenant" | "service" | "visible";
  /** Whether it changes something: it is then recorded in the audit trail before it runs. A `dry_run` changes nothing. */
  readonly changes: boolean;
}

/** An operation as the table has it. */
export interface OperationDeclaration extends OperationAccess {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly stream: boolean;
  readonly input: z.ZodType;
}

/** An operation that changes nothing which the audit trail would have to tell. */
export function needs(
  permission: OperationAccess["permission"],
  on: OperationAccess["on"] = "service",
): OperationAccess {
  return { permission, on, changes: false };
}

/** An operation that changes something. */
export function changes(
  permission: OperationAccess["permission"],
  on: OperationAccess["on"] = "service",
): OperationAccess {
  return { permission, on, changes: true };
}
