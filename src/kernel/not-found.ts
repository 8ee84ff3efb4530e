import { defaultTenant, type ServiceRef, SoloError } from "../api/index.ts";

/** The names that a hint lists at most. */
const maxListed = 10;

/** A service that nobody deployed, with the names of those that there are. */
export function serviceNotFound({ tenant, name }: ServiceRef, names: readonly string[]): SoloError {
  const where = tenant === defaultTenant ? "" : ` in tenant ${tenant}`;
  const listed = names.slice(0, maxListed).join(", ") + (names.length > maxListed ? ", …" : "");
  const hint = names.length === 0 ? "nothing is deployed yet: `solo deploy PATH`" : `there are: ${listed}`;
  return new SoloError("not_found", `there is no service ${name}${where}`, { hint });
}
