import type { ApiAccess, DiscoveredService } from "../../api/index.ts";
import { namePattern } from "../../api/name-pattern.ts";
import { type Received, type Reply, rcodes, readMessage, writeMessage } from "./message.ts";
import { lookUp, readZoneName, zone } from "./zone.ts";

/** What a tenant has in its registry. */
export type ListServices = (tenant: string) => Promise<readonly DiscoveredService[]>;

/** DNS knows no credentials: who may reach the port may ask, which is what opening it says. */
export function servicesOf(access: ApiAccess): ListServices {
  return async (tenant) => {
    const api = access.apiFor({ kind: "owner", request_id: crypto.randomUUID() });
    return (await api.registryList({ tenant })).services;
  };
}

/** The answer to a message; undefined where none is due. Whatever comes, it does not throw. */
export async function respond(
  bytes: Buffer,
  transport: "udp" | "tcp",
  list: ListServices,
): Promise<Buffer | undefined> {
  const received = readMessage(bytes);
  if (received === undefined) return undefined;
  const reply = await replyTo(received, list).catch((): Reply => ({ rcode: rcodes.failed }));
  return writeMessage(received, reply, transport);
}

async function replyTo({ opcode, isMalformed, question, ednsVersion }: Received, list: ListServices): Promise<Reply> {
  if (opcode !== 0) return { rcode: rcodes.notImplemented };
  if (isMalformed || question === undefined) return { rcode: rcodes.malformed };
  if (ednsVersion > 0) return { rcode: rcodes.badVersion };
  const { labels, type, isInternet } = question;
  const isOurs = zone.every((label, index) => labels.at(index - zone.length)?.toLowerCase() === label);
  if (!isInternet || !isOurs || labels.length < zone.length) return { rcode: rcodes.refused };
  const below = labels.slice(0, -zone.length);
  if (below.length === 0) return { rcode: rcodes.ok, tellsAuthority: true };
  const name = readZoneName(below);
  if (name === undefined || !namePattern.test(name.tenant)) return { rcode: rcodes.noName, tellsAuthority: true };
  const { exists, answers, additionals } = lookUp(name, type, labels, await list(name.tenant));
  if (answers.length > 0) return { rcode: rcodes.ok, answers, additionals };
  return { rcode: exists ? rcodes.ok : rcodes.noName, tellsAuthority: true };
}
