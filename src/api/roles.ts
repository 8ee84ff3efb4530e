import { type Permission, permissions } from "./permissions.ts";
import type { Role } from "./role-names.ts";

/** Permissions that are granted together, by the name of who has such work. */
export const roles = {
  /** All that there is. */
  admin: permissions,
  /** Brings services to run and keeps them running; unsandboxed ones not. */
  deployer: ["read", "logs", "deploy", "operate", "call", "signal", "checkpoint", "secrets:use"],
  /** Looks, and changes nothing. */
  viewer: ["read", "logs"],
  /** What every service has on itself. */
  service: ["read", "call", "signal", "state:read", "state:write", "register"],
  /** A pipeline that deploys, waits and looks why it failed. */
  ci: ["read", "logs", "deploy", "operate", "call", "secrets:use"],
} as const satisfies Record<Role, readonly Permission[]>;
