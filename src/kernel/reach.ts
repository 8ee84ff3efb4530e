import { join } from "node:path";
import type { Caller, ServiceRef } from "../api/index.ts";
import type { Reach } from "../security/sandbox/index.ts";
import { coversService, hasPermission } from "./access/index.ts";
import type { Kernel } from "./kernel.ts";

/** What a caller may name in a deploy of a service; undefined: anything, since it may do without a sandbox altogether. */
export function reachOf(kernel: Kernel, caller: Caller, { tenant, name }: ServiceRef): Reach | undefined {
  if (caller.kind === "owner") return undefined;
  if (caller.kind !== "anonymous") {
    const { capability } = caller;
    if (hasPermission(capability, "unsandboxed") && coversService(capability, tenant, name)) return undefined;
  }
  const { uploads, files, state } = kernel.paths;
  const own = [uploads, files, state].map((folder) => join(folder, tenant));
  const allowed = kernel.parts.tenants.get(tenant)?.paths ?? [];
  return { tenant, paths: [...own, ...allowed], programs: process.env.PATH ?? "" };
}
