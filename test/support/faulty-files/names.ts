import { dirname } from "node:path";
import type { Random } from "../random.ts";
import type { Inode } from "./inode.ts";

type Entry = Inode | "folder";

/** `from` without `to` removes a name, `to` without `from` makes one, both move it. */
interface NameChange {
  readonly folder: string;
  readonly from?: string;
  readonly to?: string;
  readonly entry: Entry;
}

/** The names of a file system, as programs see them and as the disk has them. A name is durable once its folder is synced. */
export class Names {
  #seen = new Map<string, Entry>();
  #stored = new Map<string, Entry>();
  #unsynced: NameChange[] = [];

  file(path: string): Inode | undefined {
    const entry = this.#seen.get(path);
    return entry === "folder" ? undefined : entry;
  }

  has(path: string): boolean {
    return this.#seen.has(path) || isRoot(path);
  }

  add(path: string, entry: Entry): void {
    this.#change({ folder: dirname(path), to: path, entry });
  }

  remove(path: string): void {
    const entry = this.#seen.get(path);
    if (entry !== undefined) this.#change({ folder: dirname(path), from: path, entry });
  }

  move(from: string, to: string): void {
    const entry = this.#seen.get(from);
    if (entry === undefined) throw new Error(`no file ${from}`);
    if (dirname(from) !== dirname(to)) throw new Error("a move between folders isn't atomic everywhere: don't");
    this.#change({ folder: dirname(from), from, to, entry });
  }

  /** Everything below a folder, the deepest first. */
  under(folder: string): string[] {
    return [...this.#seen.keys()].filter((path) => path.startsWith(`${folder}/`)).sort((a, b) => b.length - a.length);
  }

  files(): Map<string, Inode> {
    return new Map([...this.#seen].flatMap(([path, entry]) => (entry === "folder" ? [] : [[path, entry]])));
  }

  synced(folder: string): void {
    for (const change of this.#unsynced) if (change.folder === folder) apply(this.#stored, change);
    this.#unsynced = this.#unsynced.filter((change) => change.folder !== folder);
  }

  /** Of the unsynced changes any may survive, except those that build on one that didn't. */
  losePower(random: Random): void {
    const odds = [0, 1, random.next()][random.below(3)] ?? 0;
    const lost = new Set<string>();
    for (const change of this.#unsynced) {
      const names = [change.from, change.to].filter((name) => name !== undefined);
      if (names.some((name) => lost.has(name)) || !random.chance(odds)) for (const name of names) lost.add(name);
      else apply(this.#stored, change);
    }
    for (const path of [...this.#stored.keys()]) if (!this.#reachable(path)) this.#stored.delete(path);
    this.#unsynced = [];
    this.#seen = new Map(this.#stored);
  }

  #reachable(path: string): boolean {
    const parent = dirname(path);
    return isRoot(parent) || (this.#stored.get(parent) === "folder" && this.#reachable(parent));
  }

  #change(change: NameChange): void {
    apply(this.#seen, change);
    this.#unsynced.push(change);
  }
}

function isRoot(path: string): boolean {
  return path === dirname(path);
}

function apply(names: Map<string, Entry>, { from, to, entry }: NameChange): void {
  if (from !== undefined) names.delete(from);
  if (to !== undefined) names.set(to, entry);
}
