import { nameSchema, type ServiceRef, type SoloApi } from "../../api/index.ts";
import { InputReader, type PlainHandler } from "../../state/index.ts";
import { accept } from "../api/accept.ts";
import type { Discovery } from "../discovery.ts";

/**
 * `ctx.discover` and `ctx.register` of the hosts. An instance registers by its own token, like anybody else; it finds all that
 * its tenant provides, which is what a registry is for.
 */
export function registryHandlers(
  discovery: Discovery,
  apiOf: (instance: string) => SoloApi,
): Readonly<Record<string, PlainHandler>> {
  return {
    /** `[name, [[key, value]…]]` → a list of what was found. */
    "registry.discover": ({ ref }, input) => {
      const read = new InputReader("registry.discover", input);
      const name = accept(nameSchema, read.text());
      return discovery.list(ref.tenant, name, fieldsOf(read)).map((found) => {
        const { service_id: service, service_name, version, alive, url, instances, metadata } = found;
        return { service, name: service_name, version, alive, url, instances, metadata };
      });
    },

    /** `[name, version or nil, [[key, value]…], url or nil, ttl in ms]` → the handle. */
    "registry.register": async ({ ref, instance }, input) => {
      const read = new InputReader("registry.register", input);
      const [service_name, version, metadata] = [read.text(), read.optionalText(), fieldsOf(read)];
      const [url, ttl_ms] = [read.optionalText(), read.optionalCount()];
      const registered = await apiOf(instance).registryRegister({
        ...{ tenant: ref.tenant, service_id: ref.name, service_name, metadata },
        ...(version !== undefined && { version }),
        ...(url !== undefined && { url }),
        ...(ttl_ms !== undefined && { ttl_ms }),
      });
      return registered.handle;
    },

    /** `[handle]` → the handle. */
    "registry.renew": async ({ ref, instance }, input) => {
      const handle = new InputReader("registry.renew", input).text();
      return (await apiOf(instance).registryRenew({ tenant: ref.tenant, handle })).handle;
    },

    /** `[handle]` → the handle. */
    "registry.unregister": async ({ ref, instance }, input) => {
      const handle = new InputReader("registry.unregister", input).text();
      return (await apiOf(instance).registryUnregister({ tenant: ref.tenant, handle })).handle;
    },
  };
}

/** The registry as port agents ask for it. */
export type AgentRegistry = (asker: Asker, operation: RegistryOperation, input: unknown) => Promise<unknown>;

interface Asker {
  readonly ref: ServiceRef;
  readonly instance: string;
}

/** The fields of what an agent sends, in the order in which a host has them. */
const fieldsOfAgents = {
  "registry.discover": ["name", "filters"],
  "registry.register": ["name", "version", "metadata", "url", "ttl_ms"],
  "registry.renew": ["handle"],
  "registry.unregister": ["handle"],
} as const;
type RegistryOperation = keyof typeof fieldsOfAgents;

export function isRegistryOperation(operation: string): operation is RegistryOperation {
  return Object.hasOwn(fieldsOfAgents, operation);
}

/** Answers port agents, whose input is a map, as hosts are answered. */
export function registryOfAgents(discovery: Discovery, apiOf: (instance: string) => SoloApi): AgentRegistry {
  const handlers = registryHandlers(discovery, apiOf);
  return async (asker, operation, input) => {
    const given = new Map(Object.entries(typeof input === "object" && input !== null ? input : {}));
    const list = fieldsOfAgents[operation].map((name) => {
      const value: unknown = given.get(name) ?? null;
      return name === "filters" || name === "metadata" ? Object.entries(value ?? {}) : value;
    });
    return handlers[operation]?.({ ...asker, client: "", gone: never }, list);
  };
}

const never = new AbortController().signal;

function fieldsOf(read: InputReader): Record<string, string> {
  return Object.fromEntries(read.list().map((field) => [field.text(), field.text()]));
}
