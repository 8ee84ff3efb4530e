import { z } from "zod";

/** Names of services, tenants, groups and contexts: what a URL label, a folder and a shell word can all carry. */
export const namePattern = /^[A-Za-z0-9_-]{1,64}$/;

export const defaultTenant = "default";

export const nameSchema = z
  .string()
  .regex(namePattern, {
    error: (issue) => `invalid name ${JSON.stringify(issue.input)}: use 1 to 64 of A-Z a-z 0-9 _ -`,
  });

/** A service's identity: `tenant/name`. */
export interface ServiceRef {
  readonly tenant: string;
  readonly name: string;
}

export function serviceKey({ tenant, name }: ServiceRef): string {
  return `${tenant}/${name}`;
}
