import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { CapabilityDocument } from "../../api/capabilities.ts";
import type { Permission } from "../../api/permissions.ts";
import type { Client } from "../api/index.ts";

/** What every part of the page works with, once somebody signed in. */
export interface Session {
  readonly client: Client;
  readonly tenant: string;
  readonly capability: CapabilityDocument;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error("nobody is signed in");
  return session;
}

/** Whether the token has a permission at all. The kernel decides; this spares people buttons that can only be refused. */
export function may({ capability }: Session, permission: Permission): boolean {
  return capability.permissions.includes(permission);
}

/** Whether the token reaches a whole tenant, and not one service alone. */
export function reachesTenant({ capability }: Session): boolean {
  return !capability.resource.startsWith("service:");
}
