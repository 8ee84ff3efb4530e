import { namePattern } from "./name-pattern.ts";
import { type Role, roleNames } from "./role-names.ts";

/** What a client certificate says of who shows it. */
export interface CertificateFacts {
  /** SHA-256 of it, in hex. */
  readonly fingerprint: string;
  /** Its common name: the tenant it is bound to, or `*` for none in particular. */
  readonly tenant: string;
  /** What it allows without a token beside it. Null: nothing. */
  readonly role: Role | null;
}

/** Stands for all tenants in a certificate's common name. */
export const everyTenant = "*";

/** A role as the organizational unit of a certificate's subject. */
export function unitOf(role: Role): string {
  return `${unitPrefix}${role}`;
}

/**
 * What the subject of a client certificate says.
 * @returns `undefined` when its common name is no tenant, or it has several
 */
export function certificateFacts(subject: {
  readonly commonName: unknown;
  readonly unit: unknown;
  readonly fingerprint: string;
}): CertificateFacts | undefined {
  const { commonName: tenant, unit, fingerprint } = subject;
  if (typeof tenant !== "string" || (tenant !== everyTenant && !namePattern.test(tenant))) return undefined;
  const role = roleNames.find((name) => unit === unitOf(name)) ?? null;
  return { fingerprint, tenant, role };
}

/** The id by which a certificate stands where a capability's would. */
export function certificateId({ fingerprint }: CertificateFacts): string {
  return `${idPrefix}${fingerprint.slice(0, 16)}`;
}

/** Whether an id is a certificate's and not a capability's. */
export function isCertificateId(id: string): boolean {
  return id.startsWith(idPrefix);
}

const unitPrefix = "role:";
const idPrefix = "certificate-";
