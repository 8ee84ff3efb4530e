import { collectionTimer, hostVariables } from "../api/host-variables.ts";

/** As a kernel starts a host that says nothing of it. */
const defaultWaitMs = 30_000;

/** Who this process is, as its kernel told it. */
export interface Identity {
  readonly service: string;
  readonly tenant: string;
  readonly instance: string;
  /** Empty for a host that was started early, until it is told. */
  readonly revision: string;
  readonly controlSocket: string;
  readonly key: string;
  /** Where a service that listens must do so, on 127.0.0.1. */
  readonly port: number;
  /** How long calls of the SDK wait for a kernel that is away, in milliseconds. */
  readonly waitMs: number;
}

/**
 * Reads the identity from the environment, and takes out of it what the service's own code and its children have no use for:
 * the key, the socket's path and the setting of Bun's collector.
 */
export function takeIdentity(env: Record<string, string | undefined>): Identity {
  const identity: Identity = {
    service: required(env, hostVariables.service),
    tenant: required(env, hostVariables.tenant),
    instance: required(env, hostVariables.instance),
    revision: env[hostVariables.revision] ?? "",
    controlSocket: required(env, hostVariables.control),
    key: required(env, hostVariables.key),
    port: Number(required(env, hostVariables.port)),
    waitMs: Number(env[hostVariables.wait] ?? defaultWaitMs),
  };
  delete env[hostVariables.control];
  delete env[hostVariables.key];
  delete env[hostVariables.wait];
  if (env[collectionTimer.name] === collectionTimer.value) delete env[collectionTimer.name];
  return identity;
}

function required(env: Record<string, string | undefined>, name: string): string {
  const value = env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set: a host is started by a kernel only`);
  return value;
}
