import { randomBytes } from "node:crypto";
import {
  maxSecretBytes,
  type OperationRequest,
  type SecretDeleted,
  type SecretDocument,
  type SecretList,
  type SecretRekeyed,
  type SecretUnlocked,
  type SecretValueDocument,
  type SecretWritten,
  SoloError,
} from "../../api/index.ts";
import type { NamedService } from "../../config/index.ts";
import type { RekeyTarget, SecretRecord } from "../../security/secrets/index.ts";
import type { Kernel } from "../kernel.ts";
import type { Service } from "../service.ts";
import { restart } from "./restart.ts";

export function listSecrets(kernel: Kernel, { tenant }: OperationRequest<"secretList">): SecretList {
  const services = kernel
    .services(tenant)
    .filter(({ desired }) => desired !== "stopped")
    .map(({ ref, revision }) => ({ name: ref.name, spec: revision.spec }));
  return { secrets: kernel.parts.secrets.store.list(tenant).map((record) => shownSecret(record, services)) };
}

export async function setSecret(kernel: Kernel, request: OperationRequest<"secretSet">): Promise<SecretWritten> {
  const { tenant, secret, value, encoding } = request;
  return keep(kernel, { tenant, secret, value: decoded(value, encoding), event: "secret_set" });
}

export function getSecret(kernel: Kernel, request: OperationRequest<"secretGet">): SecretValueDocument {
  const { tenant, secret } = request;
  const found = kernel.parts.secrets.store.get(tenant, secret);
  if (found === undefined) throw noSecret(kernel, tenant, secret);
  const { value, ...record } = found;
  tell(kernel, "secret_read", record);
  const text = value.toString("utf8");
  const encoding = Buffer.from(text).equals(value) ? "utf8" : "base64";
  return { ...documentOf(record), value: encoding === "utf8" ? text : value.toString("base64"), encoding };
}

/** Replaces the value of a secret that there is. */
export async function rotateSecret(kernel: Kernel, request: OperationRequest<"secretRotate">): Promise<SecretWritten> {
  const { tenant, secret, value, encoding, generate_bytes, timeout_ms } = request;
  const known = kernel.parts.secrets.store.list(tenant).some(({ name }) => name === secret);
  if (!known) throw noSecret(kernel, tenant, secret);
  const fresh =
    value === undefined ? Buffer.from(randomBytes(generate_bytes).toString("base64url")) : decoded(value, encoding);
  const written = await keep(kernel, { tenant, secret, value: fresh, event: "secret_rotated" });
  if (!request.restart) return written;
  const restarted: string[] = [];
  for (const name of written.restart_needed) {
    await restart(kernel, { tenant, name, wait: true, timeout_ms }, () => undefined);
    restarted.push(name);
  }
  return { ...written, restart_needed: [], restarted };
}

export function deleteSecret(kernel: Kernel, request: OperationRequest<"secretDelete">): SecretDeleted {
  const { tenant, secret, force, dry_run } = request;
  const { store } = kernel.parts.secrets;
  const record = store.list(tenant).find(({ name }) => name === secret);
  const services = usersOf(kernel, tenant, secret).map(({ ref }) => ref.name);
  if (record !== undefined && services.length > 0 && !force) {
    throw new SoloError("conflict", `${services.join(", ")} can't be started without secret ${secret}`, {
      hint: "deploy them without it first, or repeat the command with --force",
      details: { services },
    });
  }
  if (dry_run || record === undefined) return { secret, tenant, deleted: record !== undefined, services };
  store.delete(tenant, secret);
  tell(kernel, "secret_deleted", record);
  return { secret, tenant, deleted: true, services };
}

export async function rekeySecrets(kernel: Kernel, request: OperationRequest<"secretRekey">): Promise<SecretRekeyed> {
  const done = await kernel.parts.secrets.store.rekey(targetOf(request));
  kernel.emit({ tenant: "default", event: "secrets_rekeyed", subject: "kernel", data: { ...done } });
  return done;
}

export async function unlockSecrets(
  kernel: Kernel,
  { passphrase }: OperationRequest<"secretUnlock">,
): Promise<SecretUnlocked> {
  await kernel.parts.secrets.store.unlock(passphrase);
  kernel.emit({ tenant: "default", event: "secrets_unlocked", subject: "kernel", data: {} });
  renewSecrets(kernel);
  return { unlocked: true };
}

/** Gives running instances what was changed while no kernel could: one that died between keeping a value and delivering it. */
export function renewSecrets(kernel: Kernel): void {
  for (const service of kernel.services()) {
    try {
      for (const { name } of service.revision.spec.secrets ?? []) deliverTo(kernel, service, name);
    } catch (error) {
      // The next start of an instance tells it as well.
      kernel.noteFailure(service.ref, error);
    }
  }
}

/** A secret as `secretList` shows it, with those of these services that ask for it. */
export function shownSecret(record: SecretRecord, services: readonly NamedService[]): SecretList["secrets"][number] {
  const asking = services.filter(({ spec }) => (spec.secrets ?? []).some(({ name }) => name === record.name));
  return { ...documentOf(record), services: asking.map(({ name }) => name) };
}

function documentOf({ name, tenant, version, bytes, created, updated }: SecretRecord): SecretDocument {
  const time = (ms: number) => new Date(ms).toISOString();
  return { secret: name, tenant, version, bytes, created: time(created), updated: time(updated) };
}

interface NewValue {
  readonly tenant: string;
  readonly secret: string;
  readonly value: Buffer;
  readonly event: string;
}

async function keep(kernel: Kernel, { tenant, secret, value, event }: NewValue): Promise<SecretWritten> {
  const record = await kernel.parts.secrets.store.put(tenant, secret, value, kernel.clock.now());
  tell(kernel, event, record);
  const users = usersOf(kernel, tenant, secret);
  const delivered = users.flatMap((service) => deliverTo(kernel, service, secret));
  const stale = users.filter((service) => isInEnvironment(service, secret) && isRunning(kernel, service));
  const restart_needed = stale.map(({ ref }) => ref.name);
  return { ...documentOf(record), delivered, restart_needed, restarted: [] };
}

/** @returns the instances whose file was replaced */
function deliverTo(kernel: Kernel, { ref, key }: Service, secret: string): string[] {
  return kernel.supervisor.instancesOf(ref).flatMap(({ id, pid }) => {
    if (pid === null || !kernel.parts.secrets.renew(ref, id, secret)) return [];
    kernel.emit({ tenant: ref.tenant, event: "secret_delivered", subject: `${key}/${id}`, data: { secret } });
    return [id];
  });
}

/** The services whose present revision asks for a secret. */
function usersOf(kernel: Kernel, tenant: string, secret: string): Service[] {
  return kernel.services(tenant).filter(({ revision, desired }) => {
    return desired !== "stopped" && (revision.spec.secrets ?? []).some(({ name }) => name === secret);
  });
}

function isInEnvironment({ revision }: Service, secret: string): boolean {
  return (revision.spec.secrets ?? []).some(({ name, env }) => name === secret && env !== undefined);
}

function isRunning(kernel: Kernel, { ref }: Service): boolean {
  return kernel.supervisor.instancesOf(ref).some(({ pid }) => pid !== null);
}

function decoded(value: string, encoding: "utf8" | "base64"): Buffer {
  const bytes = Buffer.from(value, encoding);
  if (encoding === "base64" && bytes.toString("base64").replace(/=+$/, "") !== value.replace(/=+$/, "")) {
    throw new SoloError("invalid_request", "value: is no base64");
  }
  if (bytes.length >= 1 && bytes.length <= maxSecretBytes) return bytes;
  throw new SoloError("limit_exceeded", `a secret has 1 to ${maxSecretBytes} bytes, not ${bytes.length}`, {
    hint: "keep a key in it that opens the rest, and the rest in a file",
  });
}

function targetOf({ to, passphrase }: OperationRequest<"secretRekey">): RekeyTarget | undefined {
  if (to === "passphrase" || (to === undefined && passphrase !== undefined)) {
    return { to: "passphrase", passphrase: passphrase ?? "" };
  }
  return to === undefined ? undefined : { to };
}

function tell(kernel: Kernel, event: string, { tenant, name, version }: SecretRecord): void {
  kernel.emit({ tenant, event, subject: `secret:${name}`, data: { secret: name, version } });
}

function noSecret(kernel: Kernel, tenant: string, secret: string): SoloError {
  const names = kernel.parts.secrets.store.list(tenant).map(({ name }) => name);
  const there = names.length === 0 ? "it has none" : `it has ${names.slice(0, 5).join(", ")}`;
  return new SoloError("not_found", `tenant ${tenant} has no secret ${secret}`, {
    hint: `${there}; \`solo secrets set ${secret}\` makes it`,
  });
}
