import { existsSync } from "node:fs";
import { SoloError } from "../../api/index.ts";
import { Keyring, type RekeyTarget } from "./keyring.ts";
import type { KeySources, MachineKeyKind } from "./machine-key.ts";
import { type SecretRecord, SecretTable } from "./table.ts";
import { keyRecordOf, noteUnneeded, unneededKeys, Vault } from "./vault.ts";

export type SecretValue = SecretRecord & { readonly value: Buffer };

/** What a rotation of the keys did. */
export interface Rekeyed {
  readonly tenants: number;
  readonly secrets: number;
  readonly sealed_by: MachineKeyKind;
}

/** The secrets of a data directory. Nothing is made or opened before there is a secret. */
export class SecretStore {
  readonly #path: string;
  readonly #keyring: Keyring;
  #table: SecretTable | undefined;
  #vault: Vault | undefined;
  /** Why the vault could not be opened. */
  #problem: SoloError | undefined;
  /** Openings and rotations of keys happen one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(path: string, sources: KeySources) {
    this.#path = path;
    this.#keyring = new Keyring(sources);
  }

  /** Opens what there is. Never throws: a problem is told by what needs the secrets. */
  async start(): Promise<void> {
    await this.#inTurn(() => this.#open()).catch(() => undefined);
  }

  /** @throws SoloError `unauthenticated` for a wrong passphrase, and why else the secrets can't be opened */
  async unlock(passphrase: string): Promise<void> {
    await this.#inTurn(() => this.#open(passphrase));
  }

  list(tenant: string): SecretRecord[] {
    return this.isThere ? this.#opened().list(tenant) : [];
  }

  /** @throws SoloError why it can't be opened; undefined when there is none of that name */
  get(tenant: string, name: string): SecretValue | undefined {
    return this.isThere ? (this.#vault ?? this.#refuse()).get(tenant, name) : undefined;
  }

  async put(tenant: string, name: string, value: Uint8Array, now: number): Promise<SecretRecord> {
    const vault = await this.#inTurn(() => this.#open(undefined, { create: true }));
    return (vault ?? this.#refuse()).put(tenant, name, value, now);
  }

  delete(tenant: string, name: string): boolean {
    return this.isThere && (this.#vault ?? this.#refuse()).delete(tenant, name);
  }

  /** Seals everything anew: every tenant's key, every secret, and the machine key. A crash leaves all as before, or all done. */
  async rekey(target: RekeyTarget | undefined): Promise<Rekeyed> {
    return this.#inTurn(async () => {
      const vault = await this.#open();
      const table = this.#table;
      if (vault === undefined || table === undefined) {
        throw new SoloError("not_found", "there are no secrets yet", {
          hint: "`solo secrets set NAME` makes the first",
        });
      }
      const former = keyRecordOf(table)?.kind ?? "file";
      if (target === undefined && former === "passphrase") {
        throw new SoloError("usage", "the secrets are sealed by a passphrase", {
          hint: "give the new one, or the same again: --passphrase-file FILE, or --passphrase on a terminal",
        });
      }
      const chosen = target ?? { to: former === "credential" ? "credential" : "file" };
      const next = await this.#keyring.prepare(chosen, (id) => noteUnneeded(table, [id]));
      const sealed = vault.rekey(next.record, next.key);
      this.#dropUnneeded(table);
      return { ...sealed, sealed_by: next.record.kind };
    });
  }

  close(): void {
    this.#table?.close();
    this.#table = undefined;
    this.#vault = undefined;
  }

  /** Whether there ever was a secret. */
  get isThere(): boolean {
    return this.#table !== undefined || existsSync(this.#path);
  }

  /** What keeps them from being opened. */
  get problem(): SoloError | undefined {
    return this.#problem;
  }

  /** Names can be told without the key. */
  #opened(): SecretTable {
    this.#table ??= SecretTable.open(this.#path);
    return this.#table;
  }

  async #open(passphrase?: string, { create = false } = {}): Promise<Vault | undefined> {
    if (this.#vault !== undefined) return this.#vault;
    if (!create && !this.isThere) return undefined;
    try {
      const table = this.#opened();
      const record = keyRecordOf(table);
      if (record === undefined) {
        const { record: first, key } = await this.#keyring.begin((id) => noteUnneeded(table, [id]));
        this.#vault = Vault.create(table, first, key);
      } else {
        const key = await this.#keyring.find(record, passphrase);
        this.#vault = Vault.open(table, key) ?? wrongKey(record.kind);
      }
      this.#dropUnneeded(table);
      this.#problem = undefined;
      return this.#vault;
    } catch (error) {
      this.#problem = SoloError.from(error);
      throw this.#problem;
    }
  }

  #dropUnneeded(table: SecretTable): void {
    const unneeded = unneededKeys(table);
    if (unneeded.length === 0) return;
    this.#keyring.drop(unneeded);
    noteUnneeded(table, []);
  }

  #refuse(): never {
    throw this.#problem ?? new SoloError("conflict", "the secrets are not open yet", { hint: "try again in a moment" });
  }

  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function wrongKey(kind: MachineKeyKind): never {
  if (kind === "passphrase") {
    throw new SoloError("unauthenticated", "this is not the passphrase of the secrets", {
      hint: "`solo secrets unlock` asks again",
    });
  }
  throw new SoloError("storage_corrupt", "the secrets were sealed by another key than this machine has", {
    hint: "restore the key from a backup (`secrets.key_file` says where it is)",
  });
}
