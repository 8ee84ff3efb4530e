import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { SoloError } from "../../api/index.ts";
import { keyBytes } from "./seal.ts";

/** A machine key and the name by which the vault refers to it. */
export interface NamedKey {
  readonly id: string;
  readonly key: Buffer;
}

const line = /^([0-9a-f]{16}) ([A-Za-z0-9+/]{43}=)$/;

/**
 * The file of machine keys: a line `ID BASE64` each, mode 0600. It has one; two while keys are rotated, since the vault
 * and this file can't be changed in one step: whichever of them a crash left behind, the key that the vault names is here.
 */
export class KeyFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws SoloError `forbidden` when others may read it, `storage_corrupt` when it is no key file */
  read(): NamedKey[] {
    const text = this.#text();
    if (text === undefined) return [];
    return text
      .split("\n")
      .filter(Boolean)
      .map((written, index) => {
        const [, id, key] = line.exec(written) ?? [];
        if (id === undefined || key === undefined) throw this.#damaged(index + 1);
        return { id, key: Buffer.from(key, "base64") };
      });
  }

  /** Replaces the whole file, durably: afterwards it has these keys, after a crash these or those before. */
  write(keys: readonly NamedKey[]): void {
    const next = `${this.path}.new`;
    rmSync(next, { force: true });
    const fd = openSync(next, "wx", 0o600);
    try {
      fchmodSync(fd, 0o600);
      writeSync(fd, keys.map(({ id, key }) => `${id} ${key.toString("base64")}\n`).join(""));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(next, this.path);
    this.#syncFolder();
  }

  remove(): void {
    rmSync(this.path, { force: true });
    this.#syncFolder();
  }

  #text(): string | undefined {
    let fd: number;
    try {
      fd = openSync(this.path, "r");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw SoloError.from(error);
    }
    try {
      if ((fstatSync(fd).mode & 0o077) !== 0) {
        throw new SoloError("forbidden", `${this.path}: others may read the key of the secrets`, {
          hint: `\`chmod 600 ${this.path}\`; if somebody may have read it, \`solo secrets rekey\` afterwards`,
        });
      }
      return readFileSync(fd, "utf8");
    } finally {
      closeSync(fd);
    }
  }

  #damaged(number: number): SoloError {
    return new SoloError("storage_corrupt", `${this.path}:${number}: this is no machine key`, {
      hint: "restore the file from a backup: without its key no secret can be opened",
    });
  }

  #syncFolder(): void {
    const fd = openSync(dirname(this.path), "r");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}

export function newKey(): NamedKey {
  return { id: randomBytes(8).toString("hex"), key: randomBytes(keyBytes) };
}
