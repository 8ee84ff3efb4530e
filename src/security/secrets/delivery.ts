import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { SoloError } from "../../api/index.ts";
import type { DeliveryPlaces } from "./memory-folder.ts";

/** A value that lies in an instance's folder. */
export interface DeliveredValue {
  readonly name: string;
  readonly value: Buffer;
}

/** Former values of one instance that are kept to be redacted. */
const mostFormer = 32;

/**
 * The files by which instances get their secrets, for each instance a folder: `files/NAME` (mode 0400) for the service
 * itself; `former/NAME.N`, values that its process may still know; `held.STREAM`, the end of its output that may be the
 * beginning of a secret. The last two are the kernel's, and nothing of it survives the machine.
 */
export class Delivery {
  readonly #places: DeliveryPlaces;

  constructor(places: DeliveryPlaces) {
    this.#places = places;
  }

  /** Where the service finds its secrets. */
  filesOf(instance: string): string {
    return join(this.#folderOf(instance), "files");
  }

  /** Puts exactly these secrets there, for a process that is about to be started. */
  deliver(instance: string, secrets: readonly DeliveredValue[]): string {
    this.withdraw(instance);
    this.#prepareBase();
    const files = this.filesOf(instance);
    mkdirSync(files, { recursive: true, mode: 0o700 });
    for (const { name, value } of secrets) writeFileSync(join(files, name), value, { mode: 0o400, flag: "wx" });
    return files;
  }

  /**
   * Gives a running instance another value of a secret that it has, in one step.
   * @returns false when it has that value already, or no such secret
   */
  replace(instance: string, { name, value }: DeliveredValue): boolean {
    const path = join(this.filesOf(instance), name);
    const former = readIfThere(path);
    if (former === undefined || former.equals(value)) return false;
    this.#keepFormer(instance, { name, value: former });
    // Outside of the folder that the service sees, on the same file system.
    const next = join(this.#folderOf(instance), `.next-${name}`);
    rmSync(next, { force: true });
    writeFileSync(next, value, { mode: 0o400, flag: "wx" });
    renameSync(next, path);
    return true;
  }

  /** What an instance has, or had. */
  delivered(instance: string): DeliveredValue[] {
    const folder = this.#folderOf(instance);
    const valuesIn = (within: string, nameOf: (file: string) => string) =>
      filesIn(join(folder, within)).flatMap((file) => {
        const value = readIfThere(join(folder, within, file));
        return value === undefined ? [] : [{ name: nameOf(file), value }];
      });
    return [...valuesIn("former", (file) => file.replace(/\.\d+$/, "")), ...valuesIn("files", (file) => file)];
  }

  /** The instance's process is gone: everything goes. */
  withdraw(instance: string): void {
    for (const base of this.#places.all) {
      rmSync(join(base, instance), { recursive: true, force: true });
      removeIfEmpty(base);
    }
  }

  /** Removes what belongs to instances that are not known. */
  sweep(known: ReadonlySet<string>): void {
    for (const base of this.#places.all) {
      for (const name of filesIn(base))
        if (!known.has(name)) rmSync(join(base, name), { recursive: true, force: true });
    }
  }

  /** The instances that have a folder. */
  instances(): string[] {
    return this.#places.all.flatMap(filesIn);
  }

  /** Keeps the end of a stream for the next kernel, or that there is none. Where there is no room, it goes with this one. */
  hold(instance: string, stream: string, bytes: Uint8Array): void {
    const folder = this.#folderOf(instance);
    const path = join(folder, `held.${stream}`);
    try {
      if (bytes.length === 0) {
        rmSync(path, { force: true });
        return;
      }
      if (!existsSync(folder)) {
        this.#prepareBase();
        mkdirSync(folder, { mode: 0o700 });
      }
      writeFileSync(path, bytes, { mode: 0o600 });
    } catch {
      // The capture has it in memory.
    }
  }

  held(instance: string, stream: string): Buffer {
    return readIfThere(join(this.#folderOf(instance), `held.${stream}`)) ?? Buffer.alloc(0);
  }

  /** Where an instance's folder is; where it will be, when it has none. */
  #folderOf(instance: string): string {
    const base = this.#places.all.find((candidate) => existsSync(join(candidate, instance))) ?? this.#places.folder;
    return join(base, instance);
  }

  #keepFormer(instance: string, { name, value }: DeliveredValue): void {
    const folder = join(this.#folderOf(instance), "former");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const numbers = filesIn(folder).map((file) => Number(/\d+$/.exec(file)?.[0] ?? 0));
    const number = Math.max(0, ...numbers) + 1;
    writeFileSync(join(folder, `${name}.${number}`), value, { mode: 0o400, flag: "wx" });
    for (const file of filesIn(folder)) {
      if (Number(/\d+$/.exec(file)?.[0]) <= number - mostFormer) rmSync(join(folder, file), { force: true });
    }
  }

  /** In a folder that everybody may write to, somebody may have made ours before. */
  #prepareBase(): void {
    const base = this.#places.folder;
    mkdirSync(base, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(base);
    if (lstatSync(base).isDirectory() && uid === process.getuid?.() && (mode & 0o077) === 0) return;
    throw new SoloError("forbidden", `${base} is not a folder of this user's own, and secrets must lie there`, {
      hint: "remove it, or have it removed by its owner",
    });
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is not there, or not empty.
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    // Whoever may change the folder could have put something there that never ends.
    return lstatSync(path).isFile() ? readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}
