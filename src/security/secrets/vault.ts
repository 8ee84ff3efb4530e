import { z } from "zod";
import { SoloError } from "../../api/index.ts";
import { newKey } from "./key-file.ts";
import type { KeyRecord } from "./machine-key.ts";
import { keyBytes, open, seal } from "./seal.ts";
import type { SealedSecret, SecretRecord, SecretTable } from "./table.ts";

/** What every sealing is bound to first, so that one of another purpose never opens as this one. */
const purposes = { check: "solo machine key check", key: "solo data key", secret: "solo secret" } as const;

/** So many secrets a tenant has at most. */
const maxSecrets = 1_000;

const recordSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("file"), id: z.string() }),
  z.object({
    kind: z.literal("passphrase"),
    salt: z.string(),
    cost: z
      .int()
      .min(2)
      .max(2 ** 24),
  }),
  z.object({ kind: z.literal("credential"), salt: z.string() }),
]);

/** How the machine key of a table is found; undefined for a table without secrets. */
export function keyRecordOf(table: SecretTable): KeyRecord | undefined {
  const text = table.meta("machine_key");
  return text === undefined ? undefined : recordSchema.parse(JSON.parse(text));
}

/** Names of keys in the file that nothing is, or has yet been, sealed by: a crash may have left them there. */
export function unneededKeys(table: SecretTable): string[] {
  return z.array(z.string()).parse(JSON.parse(table.meta("unneeded_keys") ?? "[]"));
}

export function noteUnneeded(table: SecretTable, ids: readonly string[]): void {
  table.setMeta("unneeded_keys", JSON.stringify(ids));
}

/** The sealed secrets, with the key that opens them: machine key → a tenant's data key → its secrets. */
export class Vault {
  readonly #table: SecretTable;
  #machineKey: Buffer;
  readonly #keys = new Map<string, { readonly id: number; readonly key: Buffer }>();

  private constructor(table: SecretTable, machineKey: Buffer) {
    this.#table = table;
    this.#machineKey = machineKey;
  }

  /** Begins to seal an empty table by a machine key. */
  static create(table: SecretTable, record: KeyRecord, machineKey: Buffer): Vault {
    table.transaction(() => keepMachineKey(table, record, machineKey));
    return new Vault(table, machineKey);
  }

  /** The vault; undefined when this is not the key that its table was sealed by. */
  static open(table: SecretTable, machineKey: Buffer): Vault | undefined {
    const check = Buffer.from(table.meta("check") ?? "", "base64");
    return open(machineKey, check, [purposes.check]) === undefined ? undefined : new Vault(table, machineKey);
  }

  list(tenant?: string): SecretRecord[] {
    return this.#table.list(tenant);
  }

  /** @throws SoloError `storage_corrupt`, naming it, when what is kept is not what was sealed */
  get(tenant: string, name: string): (SecretRecord & { readonly value: Buffer }) | undefined {
    const secret = this.#table.get(tenant, name);
    return secret && { ...withoutSeal(secret), value: this.#open(secret) };
  }

  /** Keeps a value, in place of an earlier one. */
  put(tenant: string, name: string, value: Uint8Array, now: number): SecretRecord {
    const known = this.#table.get(tenant, name);
    if (known === undefined) this.#refuseTooMany(tenant);
    const record = {
      tenant,
      name,
      version: (known?.version ?? 0) + 1,
      bytes: value.length,
      created: known?.created ?? now,
      updated: now,
    };
    const fresh = this.#keyOf(tenant) === undefined ? { id: 1, key: newKey().key } : undefined;
    const by = fresh ?? this.#keyOf(tenant) ?? unreachable();
    this.#table.transaction(() => {
      if (fresh !== undefined) this.#table.putKey(sealedKey(this.#machineKey, tenant, fresh));
      this.#table.put(sealedSecret(by, record, value));
    });
    if (fresh !== undefined) this.#keys.set(tenant, fresh);
    return record;
  }

  /** @returns whether there was one */
  delete(tenant: string, name: string): boolean {
    const isThere = this.#table.get(tenant, name) !== undefined;
    if (isThere) this.#table.remove(tenant, name);
    return isThere;
  }

  /**
   * Gives every tenant a new data key, seals everything again, and the keys by a new machine key: all in one transaction.
   * A secret that can't be opened ends it, and nothing is changed.
   */
  rekey(record: KeyRecord, machineKey: Buffer): { readonly tenants: number; readonly secrets: number } {
    const secrets = this.#table.all();
    const values = secrets.map((secret) => this.#open(secret));
    const fresh = new Map(this.#table.keys().map(({ tenant, id }) => [tenant, { id: id + 1, key: newKey().key }]));
    this.#table.transaction(() => {
      keepMachineKey(this.#table, record, machineKey);
      for (const [tenant, key] of fresh) this.#table.putKey(sealedKey(machineKey, tenant, key));
      for (const [index, secret] of secrets.entries()) {
        const key = fresh.get(secret.tenant) ?? unreachable();
        this.#table.put(sealedSecret(key, withoutSeal(secret), values[index] ?? unreachable()));
      }
    });
    this.#machineKey = machineKey;
    this.#keys.clear();
    return { tenants: fresh.size, secrets: secrets.length };
  }

  #open(secret: SealedSecret): Buffer {
    const key = this.#keyOf(secret.tenant);
    const value = key?.id === secret.key ? open(key.key, secret.sealed, boundOf(secret)) : undefined;
    if (value !== undefined) return value;
    throw new SoloError("storage_corrupt", `secret ${secret.name} of tenant ${secret.tenant} can't be opened`, {
      hint: `what is kept is not what was sealed: restore a backup, or \`solo secrets set ${secret.name}\` anew`,
      details: { tenant: secret.tenant, secret: secret.name },
    });
  }

  #keyOf(tenant: string): { readonly id: number; readonly key: Buffer } | undefined {
    const known = this.#keys.get(tenant);
    if (known !== undefined) return known;
    const sealed = this.#table.keys().find((candidate) => candidate.tenant === tenant);
    if (sealed === undefined) return undefined;
    const key = open(this.#machineKey, sealed.sealed, [purposes.key, tenant, String(sealed.id)]);
    if (key?.length !== keyBytes) {
      throw new SoloError("storage_corrupt", `the key of tenant ${tenant}'s secrets can't be opened`, {
        hint: `what is kept is not what was sealed: restore a backup of ${this.#table.path}`,
        details: { tenant },
      });
    }
    this.#keys.set(tenant, { id: sealed.id, key });
    return { id: sealed.id, key };
  }

  #refuseTooMany(tenant: string): void {
    if (this.#table.list(tenant).length < maxSecrets) return;
    throw new SoloError("limit_exceeded", `tenant ${tenant} has ${maxSecrets} secrets already`, {
      hint: "`solo secrets delete NAME` removes those that nothing needs",
    });
  }
}

function keepMachineKey(table: SecretTable, record: KeyRecord, machineKey: Buffer): void {
  const former = keyRecordOf(table);
  noteUnneeded(table, former?.kind === "file" ? [former.id] : []);
  table.setMeta("machine_key", JSON.stringify(record));
  table.setMeta("check", seal(machineKey, Buffer.alloc(0), [purposes.check]).toString("base64"));
}

function sealedKey(machineKey: Buffer, tenant: string, { id, key }: { readonly id: number; readonly key: Buffer }) {
  return { tenant, id, sealed: seal(machineKey, key, [purposes.key, tenant, String(id)]) };
}

function sealedSecret(by: { readonly id: number; readonly key: Buffer }, record: SecretRecord, value: Uint8Array) {
  const secret = { ...record, key: by.id };
  return { ...secret, sealed: seal(by.key, value, boundOf(secret)) };
}

/** With its version, so that a value can't be given out as a later one, and its key's number. */
function boundOf({ tenant, name, version, key }: Omit<SealedSecret, "sealed">): string[] {
  return [purposes.secret, tenant, name, String(version), String(key)];
}

function withoutSeal({ sealed: _, key: __, ...record }: SealedSecret): SecretRecord {
  return record;
}

function unreachable(): never {
  throw new Error("a tenant's key is missing that was just there");
}
