import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Check, type OperationRequest, type SecretRef, type ServiceRef, SoloError } from "../api/index.ts";
import type { Paths } from "../config/index.ts";
import type { LogRedaction } from "../observe/logs/index.ts";
import { credentialName, deliveryPlaces, type SecretRecord, Secrets, SecretTable } from "../security/secrets/index.ts";
import type { SecretPort } from "../supervise/index.ts";
import type { Kernel } from "./kernel.ts";

/** Where the key of the secrets comes from, by the configuration. */
export interface SecretSettings {
  /** Null: beside the database. */
  readonly keyFile: string | null;
  readonly passphraseFile: string | null;
}

/** The secrets of a kernel's services, opened, with what outlived a former kernel. */
export async function openSecrets(
  paths: Paths,
  { keyFile, passphraseFile }: SecretSettings,
  serviceOf: (instance: string) => ServiceRef | undefined,
): Promise<Secrets> {
  const credentials = process.env.CREDENTIALS_DIRECTORY;
  const credential = credentials === undefined ? null : join(credentials, credentialName);
  const secrets = new Secrets({
    path: paths.secrets,
    sources: {
      keyFile: keyFile ?? paths.secretKey,
      passphraseFile,
      credential: credential !== null && existsSync(credential) ? credential : null,
    },
    places: deliveryPlaces(paths.dataDir, paths.run, process.env),
  });
  await secrets.start(serviceOf);
  return secrets;
}

/** What supervision needs of them. */
export function secretPort(secrets: Secrets): SecretPort {
  return {
    deliver: (ref, wanted, instance) => secrets.deliver(ref, wanted, instance),
    withdraw: (instance) => secrets.withdraw(instance),
    redact: (ref, text) => secrets.redaction.text(ref, text),
  };
}

/** What the logs need of them. */
export function logRedaction(secrets: Secrets): LogRedaction {
  return {
    of: (ref) => secrets.redaction.of(ref),
    hold: (instance, stream, bytes) => secrets.hold(instance, stream, bytes),
    held: (instance, stream) => secrets.held(instance, stream),
  };
}

/**
 * Refuses a deploy whose secrets could not be delivered, before anything changes.
 * @throws SoloError `invalid_config`, and what `check` refuses
 */
export function checkSecrets(
  { tenant, services }: OperationRequest<"deploy">,
  check: (ref: ServiceRef, wanted: readonly SecretRef[]) => void,
): void {
  for (const { name, spec } of services) {
    const wanted = spec.secrets ?? [];
    const names = wanted.map((secret) => secret.name);
    refuseTwice(name, "secret", names);
    refuseTwice(name, "variable", [...wanted.flatMap(({ env }) => env ?? []), ...Object.keys(spec.env)]);
    if (wanted.length > 0) check({ tenant, name }, wanted);
  }
}

/** What there is while no kernel runs, without its values. */
export function secretsAtRest(paths: Paths, tenant: string): SecretRecord[] {
  const table = SecretTable.openForReading(paths.secrets);
  try {
    return table?.list(tenant) ?? [];
  } finally {
    table?.close();
  }
}

/** How the secrets are doing; undefined where there are none. */
export function secretsCheck({ parts: { secrets } }: Kernel): Check | undefined {
  if (!secrets.store.isThere) return undefined;
  const name = "secrets";
  const problem = secrets.store.problem;
  if (problem !== undefined) return { name, status: "degraded", message: problem.message };
  const { folder, inMemory } = secrets.places;
  if (inMemory) return { name, status: "healthy", message: `delivered in memory, in ${folder}` };
  return { name, status: "degraded", message: `delivered on disk, in ${folder}: this machine has no folder in memory` };
}

function refuseTwice(service: string, what: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new SoloError("invalid_config", `${service}: ${what} ${twice} is given twice`, {
    hint: what === "variable" ? "remove it from env, or from the secret" : "name each secret once",
  });
}
