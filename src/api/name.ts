import { z } from "zod";
import { nameForm, namePattern } from "./name-pattern.ts";

export { defaultTenant } from "./name-pattern.ts";

export const nameSchema = z.string().regex(namePattern, {
  error: (issue) => `invalid name ${JSON.stringify(issue.input)}: use ${nameForm}`,
});

/** A service's identity: `tenant/name`. */
export interface ServiceRef {
  readonly tenant: string;
  readonly name: string;
}

export function serviceKey({ tenant, name }: ServiceRef): string {
  return `${tenant}/${name}`;
}
