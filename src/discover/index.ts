export {
  type KeptRegistration,
  matches,
  type Registration,
  type RegistrationTable,
  type Wanted,
} from "./registration.ts";
export { Registry, type RegistryOptions } from "./registry.ts";
export { registrationTable } from "./table.ts";
