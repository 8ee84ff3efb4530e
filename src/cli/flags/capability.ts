import { string as argument } from "@oclif/core/args";
import { integer, string } from "@oclif/core/flags";
import { SoloError } from "../../api/error.ts";
import { roleNames } from "../../api/role-names.ts";
import { duration } from "./global.ts";

/** What may be said of a capability that is made. */
export const boundFlags = {
  resource: string({
    description: "What it is for: service:NAME, tenant, or '*' (all tenants)",
    helpValue: "RESOURCE",
  }),
  permissions: string({ description: "What it allows, such as read,logs,call:add", helpValue: "LIST" }),
  role: string({ description: "The permissions of such work", options: [...roleNames] }),
  ttl: duration({ description: "How long it is valid [default: until it is revoked]" }),
  rate: integer({ description: "Operations per second", min: 1, helpValue: "NUMBER" }),
  calls: integer({ description: "Operations in all", min: 1, helpValue: "NUMBER" }),
};

export const capabilityArgument = {
  id: argument({ description: "Id of the capability, such as cap-4f1d0c9a7b3e2d68" }),
};

interface BoundValues {
  readonly resource?: string | undefined;
  readonly permissions?: string | undefined;
  readonly role?: string | undefined;
  readonly ttl?: number | undefined;
  readonly rate?: number | undefined;
  readonly calls?: number | undefined;
}

/** The flags as a request has them. */
export function boundsOf({ resource, permissions, role, ttl, rate, calls }: BoundValues) {
  const known = roleNames.find((name) => name === role);
  const listed = permissions?.split(",").map((permission) => permission.trim());
  return {
    ...(resource !== undefined && { resource }),
    ...(listed !== undefined && { permissions: listed }),
    ...(known !== undefined && { role: known }),
    ...(ttl !== undefined && { ttl_ms: ttl }),
    ...(rate !== undefined && { rate }),
    ...(calls !== undefined && { calls }),
  };
}

/** @throws SoloError `usage` when it is missing */
export function capabilityId(id: string | undefined): string {
  if (id !== undefined) return id;
  throw new SoloError("usage", "missing argument ID", { hint: "`solo capability list` shows the ids" });
}

/** @throws SoloError `usage` when a flag that this command needs is missing */
export function needed(value: string | undefined, flag: string, example: string): string {
  if (value !== undefined) return value;
  throw new SoloError("usage", `missing flag --${flag}`, { hint: `for example --${flag} ${example}` });
}
