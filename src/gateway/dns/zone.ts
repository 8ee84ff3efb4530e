import { isIPv4, isIPv6 } from "node:net";
import { type DiscoveredService, defaultTenant } from "../../api/index.ts";

/** The domain that services are found under; `internal` is kept for such use (ICANN, 2024). */
export const zone = ["solo", "internal"] as const;

export type ZoneRecord =
  | { readonly type: "A" | "AAAA"; readonly owner: readonly string[]; readonly data: string }
  | { readonly type: "TXT"; readonly owner: readonly string[]; readonly data: readonly string[] }
  | { readonly type: "SRV"; readonly owner: readonly string[]; readonly data: { port: number; target: string } };

/** What is known of a name. */
export interface ZoneAnswer {
  /** False: nothing of that name is registered, whatever the type. */
  readonly exists: boolean;
  readonly answers: readonly ZoneRecord[];
  /** Addresses of the targets, which the asker will want next. */
  readonly additionals: readonly ZoneRecord[];
}

/** What a name of the zone stands for. */
export interface ZoneName {
  readonly tenant: string;
  readonly name: string;
  /** One of those that provide it. */
  readonly service?: string;
}

/**
 * `NAME`, `NAME.TENANT`, `SERVICE.NAME.TENANT`, and as RFC 2782 has it `_NAME._tcp` and `_NAME._tcp.TENANT`, each below the zone.
 * Names have no case in DNS: of tenants, those in lower case are found.
 */
export function readZoneName(labels: readonly string[]): ZoneName | undefined {
  const [first, second, third, ...rest] = labels.map((label) => label.toLowerCase());
  if (first === undefined || rest.length > 0) return undefined;
  if (first.startsWith("_") && (second === "_tcp" || second === "_udp")) {
    return { name: first.slice(1), tenant: third ?? defaultTenant };
  }
  if (third !== undefined && second !== undefined) return { service: first, name: second, tenant: third };
  return { name: first, tenant: second ?? defaultTenant };
}

/** What the zone has of a type under a name, of the services that its tenant has. Only those that are alive have records. */
export function lookUp(
  { name, service }: ZoneName,
  type: string,
  owner: readonly string[],
  services: readonly DiscoveredService[],
): ZoneAnswer {
  const found = services.filter(
    ({ service_name, service_id }) =>
      service_name.toLowerCase() === name && (service === undefined || service_id.toLowerCase() === service),
  );
  const alive = found.filter((one) => one.alive);
  const none = { exists: found.length > 0, answers: [], additionals: [] };
  if (type === "TXT") return { ...none, answers: alive.map((one) => ({ type, owner, data: textsOf(one) })) };
  if (type === "A" || type === "AAAA") {
    const addresses = new Set(alive.flatMap((one) => addressOf(one) ?? []));
    const answers = [...addresses]
      .filter(type === "A" ? isIPv4 : isIPv6)
      .map((data) => ({ type, owner, data }) as const);
    return { ...none, answers };
  }
  if (type !== "SRV") return none;
  return {
    ...none,
    answers: alive.flatMap((one) => targetsOf(one).map((data) => ({ type, owner, data }) as const)),
    additionals: alive.flatMap((one) => {
      const data = addressOf(one);
      return data === undefined || !hasName(one)
        ? []
        : [{ type: isIPv4(data) ? "A" : "AAAA", owner: nameOf(one), data } as const];
    }),
  };
}

const loopback = "127.0.0.1";

/** An address, where it has one that needs no further look-up. */
function addressOf({ instances, url }: DiscoveredService): string | undefined {
  if (instances.length > 0) return loopback;
  const host = url === null ? "" : hostOf(url);
  if (host === "localhost" || host.endsWith(".localhost")) return loopback;
  return isIPv4(host) || isIPv6(host) ? host : undefined;
}

function targetsOf(service: DiscoveredService): readonly { port: number; target: string }[] {
  if (!hasName(service)) return [];
  const own = nameOf(service).join(".");
  if (service.instances.length > 0) return service.instances.map(({ port }) => ({ port, target: own }));
  const { url } = service;
  const port = url === null ? undefined : portOf(url);
  if (url === null || port === undefined) return [];
  const host = hostOf(url);
  return [{ port, target: addressOf(service) === undefined && isHostName(host) ? host : own }];
}

/** The name of one of those that provide a name. */
function nameOf({ service_id, service_name, tenant }: DiscoveredService): readonly string[] {
  return [service_id, service_name, tenant, ...zone];
}

/** A name of 64 letters is one too long for DNS. */
function hasName(service: DiscoveredService): boolean {
  return nameOf(service).every((label) => label.length <= 63);
}

/** RFC 6763: `key=value`, of which each has a length in one byte. What is longer is left out. */
function textsOf({ service_id, version, metadata }: DiscoveredService): readonly string[] {
  const fields = { service: service_id, version, ...metadata };
  const texts = Object.entries(fields).map(([key, value]) => `${key}=${value}`);
  return texts.filter((text) => Buffer.byteLength(text) <= 255);
}

function hostOf(url: string): string {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return host.startsWith("[") ? host.slice(1, -1) : host;
}

function portOf(url: string): number | undefined {
  if (!URL.canParse(url)) return undefined;
  const { port, protocol } = new URL(url);
  if (port !== "") return Number(port);
  return protocol === "http:" ? 80 : protocol === "https:" ? 443 : undefined;
}

/** Whether it can be written as a name of DNS. */
function isHostName(host: string): boolean {
  return host.length <= 253 && host.split(".").every((label) => /^[^\s]{1,63}$/.test(label));
}
