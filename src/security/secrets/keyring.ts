import { existsSync } from "node:fs";
import { SoloError } from "../../api/index.ts";
import { KeyFile, newKey } from "./key-file.ts";
import {
  checkPassphrase,
  type KeyRecord,
  type KeySources,
  keyFromCredential,
  keyFromPassphrase,
  newCredentialRecord,
  newPassphraseRecord,
  readPassphrase,
} from "./machine-key.ts";

/** What the secrets are to be sealed by from now on. */
export type RekeyTarget =
  | { readonly to: "file" }
  | { readonly to: "credential" }
  | { readonly to: "passphrase"; readonly passphrase: string };

/** A machine key, and what the vault is to keep of it. */
export interface MachineKey {
  readonly record: KeyRecord;
  readonly key: Buffer;
}

/** Finds, makes and replaces the machine key, wherever this machine keeps it. */
export class Keyring {
  readonly #sources: KeySources;
  readonly #file: KeyFile;

  constructor(sources: KeySources) {
    this.#sources = sources;
    this.#file = new KeyFile(sources.keyFile);
  }

  /** The key for a vault that is begun: of the passphrase that is configured, the credential that is there, or a new file. */
  async begin(announce: (id: string) => void): Promise<MachineKey> {
    const { passphraseFile, credential } = this.#sources;
    if (passphraseFile !== null) {
      return this.prepare({ to: "passphrase", passphrase: readPassphrase(passphraseFile) }, announce);
    }
    return this.prepare({ to: credential === null ? "file" : "credential" }, announce);
  }

  /**
   * The key that a vault was sealed by.
   * @param passphrase when somebody gave one
   * @throws SoloError `unauthenticated` when a passphrase is needed and there is none; see `KeyFile`, `machine-key.ts`
   */
  async find(record: KeyRecord, passphrase?: string): Promise<Buffer> {
    if (record.kind === "file") return this.#keyInFile(record.id);
    if (record.kind === "credential") return keyFromCredential(this.#sources.credential, record);
    const { passphraseFile } = this.#sources;
    if (passphrase !== undefined) return keyFromPassphrase(passphrase, record);
    if (passphraseFile !== null) return keyFromPassphrase(readPassphrase(passphraseFile), record);
    throw new SoloError("unauthenticated", "the secrets are locked by a passphrase", {
      hint: "`solo secrets unlock` asks for it; `secrets.passphrase_file` in the configuration has the kernel read it",
    });
  }

  /**
   * A new key, durable beside the old one before anything is sealed by it. {@link drop} removes the old one.
   * @param announce is told the name of a key before it is written to the file
   * @throws SoloError `usage` for a passphrase that is too short, and what the disk refuses
   */
  async prepare(target: RekeyTarget, announce: (id: string) => void): Promise<MachineKey> {
    if (target.to === "passphrase") {
      checkPassphrase(target.passphrase);
      const record = newPassphraseRecord();
      return { record, key: await keyFromPassphrase(target.passphrase, record) };
    }
    if (target.to === "credential") {
      const record = newCredentialRecord();
      return { record, key: keyFromCredential(this.#sources.credential, record) };
    }
    const { id, key } = newKey();
    announce(id);
    this.#file.write([...this.#file.read(), { id, key }]);
    return { record: { kind: "file", id }, key };
  }

  /** Removes keys from the file by which nothing is sealed any more. Others', of another data directory, stay. */
  drop(ids: readonly string[]): void {
    const keys = this.#file.read();
    const needed = keys.filter(({ id }) => !ids.includes(id));
    if (needed.length === keys.length) return;
    if (needed.length === 0) this.#file.remove();
    else this.#file.write(needed);
  }

  #keyInFile(id: string): Buffer {
    const found = this.#file.read().find((candidate) => candidate.id === id);
    if (found !== undefined) return found.key;
    const isThere = existsSync(this.#file.path);
    throw new SoloError(
      "storage_corrupt",
      isThere ? `${this.#file.path} has another key than the secrets were sealed by` : `${this.#file.path} is missing`,
      { hint: "restore it from a backup (`secrets.key_file` says where it is); without it no secret can be opened" },
    );
  }
}
