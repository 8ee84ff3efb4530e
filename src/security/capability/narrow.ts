import { SoloError } from "../../api/index.ts";

/** What a capability allows, and until when; null: no limit. */
export interface Bounds {
  readonly tenant: string;
  readonly resource: string;
  readonly permissions: readonly string[];
  /** Wall milliseconds. */
  readonly expires: number | null;
  readonly rate: number | null;
  readonly calls: number | null;
}

/** What is asked for; what is left out is as wide as the parent's. */
export type Narrowing = { readonly [Field in keyof Bounds]?: Exclude<Bounds[Field], null> | undefined };

/**
 * What a capability is narrowed to. Nothing is widened, and nothing that was asked for is cut back in silence.
 * @throws SoloError `forbidden` for what goes beyond the parent, naming it
 */
export function narrow(parent: Bounds, wanted: Narrowing): Bounds {
  const tenant = wanted.tenant ?? parent.tenant;
  const resource = wanted.resource ?? parent.resource;
  if (!reaches(parent, { tenant, resource })) {
    throw beyond(`${resource} of tenant ${tenant}`, `${parent.resource} of tenant ${parent.tenant}`);
  }
  const permissions = [...new Set(wanted.permissions ?? parent.permissions)];
  const missing = permissions.filter((permission) => !allows(parent.permissions, permission));
  if (missing.length > 0) throw beyond(missing.join(", "), parent.permissions.join(", "));
  return {
    tenant,
    resource,
    permissions,
    expires: least("an expiry", wanted.expires, parent.expires, (time) => new Date(time).toISOString()),
    rate: least("a rate", wanted.rate, parent.rate, (rate) => `${rate} a second`),
    calls: least("calls", wanted.calls, parent.calls, String),
  };
}

/** Whether permissions have one: `call` has every method's. */
export function allows(permissions: readonly string[], permission: string): boolean {
  return permissions.includes(permission) || (permission.startsWith("call:") && permissions.includes("call"));
}

/** Whether one resource is all of another, or has it in it. */
export function reaches(
  outer: Pick<Bounds, "tenant" | "resource">,
  inner: Pick<Bounds, "tenant" | "resource">,
): boolean {
  if (outer.resource === "*") return true;
  if (outer.tenant !== inner.tenant || inner.resource === "*") return false;
  return outer.resource === "tenant" || outer.resource === inner.resource;
}

function least(
  what: string,
  wanted: number | undefined,
  limit: number | null,
  shown: (value: number) => string,
): number | null {
  if (wanted === undefined) return limit;
  if (limit === null || wanted <= limit) return wanted;
  throw beyond(`${what} of ${shown(wanted)}`, shown(limit));
}

function beyond(wanted: string, has: string): SoloError {
  return new SoloError("forbidden", `a capability can only be narrowed: ${wanted} goes beyond what it has, ${has}`, {
    hint: "ask for less, or have its owner grant another one",
    details: { wanted, has },
  });
}
