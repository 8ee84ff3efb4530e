import type { CapabilityDocument, GrantedCapability } from "../../api/capabilities.ts";
import type { Permission } from "../../api/permissions.ts";
import { roles } from "../../api/roles.ts";
import type { SoloClient } from "../../client/index.ts";
import type { Session } from "../session.ts";
import { environmentToken, tokenIn } from "../token.ts";

/** What a person lets an agent do. */
const agentRoles = {
  viewer: roles.viewer,
  deployer: roles.deployer,
  /** Keeps what there is running, and brings nothing new. */
  operator: ["read", "logs", "operate", "call", "signal", "state:read", "checkpoint"],
  admin: roles.admin,
} as const satisfies Record<string, readonly Permission[]>;
type AgentRole = keyof typeof agentRoles;
export const agentRoleNames: readonly AgentRole[] = ["viewer", "deployer", "operator", "admin"];

/** The capability that an agent works with, while it does. */
export interface AgentSession {
  readonly reach: Pick<CapabilityDocument, "tenant" | "resource" | "permissions">;
  /** The kernel as that capability has it. */
  api(): Promise<SoloClient>;
  /** Revokes it, if it was made for this session. */
  end(): Promise<void>;
}

interface Wishes {
  readonly role: AgentRole | undefined;
  /** The file with the token that the agent is to have; counts before what the environment says. */
  readonly tokenFile: string | undefined;
}

/**
 * The token that the command was given is used as it is. Without one, or with a role beside it, a capability is made for this
 * session: one that allows less than the owner or the token does, and ends with it.
 */
export async function openAgentSession(session: Session, { role, tokenFile }: Wishes): Promise<AgentSession> {
  const token = tokenFile === undefined ? environmentToken() : tokenIn(tokenFile, "--token-file", "leave it out");
  const { tenant } = session;
  if (token === undefined) return madeSession(session, await session.writer(), makerOf(session, role ?? "viewer"));
  const kernel = await session.kernel(token);
  if (role !== undefined) {
    return madeSession(session, kernel, (from) => from.capabilityAttenuate({ tenant, ...lasting(role) }));
  }
  const reach = await kernel.capabilityVerify({ tenant, token });
  return { reach, api: async () => kernel, end: () => kernel.close() };
}

type Make = (maker: SoloClient) => Promise<GrantedCapability>;

/** The owner grants; another kernel's client, which has a token of it, can only pass on less than that allows. */
function makerOf(session: Session, role: AgentRole): Make {
  const { tenant } = session;
  if (!session.isLocal) return (maker) => maker.capabilityAttenuate({ tenant, ...lasting(role) });
  const resource = role === "admin" ? "*" : "tenant";
  return (maker) => maker.capabilityGrant({ tenant, resource, holder: "mcp", ...lasting(role) });
}

function lasting(role: AgentRole) {
  return { permissions: [...agentRoles[role]], ttl_ms: lifetimeMs };
}

async function madeSession(session: Session, maker: SoloClient, make: Make): Promise<AgentSession> {
  const { tenant } = session;
  let current = await make(maker);
  let client = await session.kernel(current.token);
  let renewal: Promise<void> | undefined;
  const revoke = (id: string) => maker.capabilityRevoke({ tenant, id });
  const renew = async () => {
    const { id } = current;
    current = await make(maker);
    client = await session.kernel(current.token);
    await revoke(id);
  };
  return {
    reach: current,
    api: async () => {
      if (Date.parse(current.expires ?? "") - Date.now() < lifetimeMs / 2) {
        renewal ??= renew().finally(() => {
          renewal = undefined;
        });
        await renewal;
      }
      return client;
    },
    end: async () => {
      await revoke(current.id).finally(() => Promise.all([client.close(), maker.close()]));
    },
  };
}

/** It is renewed at half of it; what a session leaves behind that was killed lasts no longer. */
const lifetimeMs = 86_400_000;
