import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/**
 * Controllers of control groups (cgroups(7)), version 1, that are used where this user may make groups in them. `pids` bounds
 * how many processes and threads a program and all it starts may be, at the moment of the fork: what is only looked at once a
 * second has forked ten thousand times by then. `cpu` gives all of them together the share of the processor that one
 * program has.
 */
export type Controller = (typeof controllers)[number];
const controllers = ["pids", "cpu"] as const;

/** Whether groups of this controller can be made here. */
export function hasController(controller: Controller): boolean {
  return foldersOf()[controller] !== undefined;
}

/** The groups of a program that is about to be started. */
export interface ControlGroup {
  /** To be entered by writing `0` to each, before the program is executed. */
  readonly tasks: readonly number[];
  close(): void;
}

/**
 * The control groups of one kernel's programs, each under a name. They lie beside each other in the group of this process: within
 * one more, all programs together would have the share of the processor that any other program has alone.
 */
export class ControlGroups {
  readonly #prefix: string;

  /** @param kernel what tells its groups from those of others */
  constructor(kernel: string) {
    this.#prefix = `${kernel}.`;
  }

  /**
   * Makes a program's groups, or takes those of that name. `most` counts threads too. Where one can't be made, the program does
   * without.
   */
  open(name: string, most: number): ControlGroup {
    const { pids, cpu } = foldersOf();
    const bound = pids === undefined ? undefined : openGroup(this.#in(pids, name), { "pids.max": String(most) });
    const share = cpu === undefined ? undefined : openGroup(this.#in(cpu, name));
    const tasks = [bound, share].filter((fd) => fd !== undefined);
    return { tasks, close: () => tasks.forEach(closeSync) };
  }

  /** Removes a program's groups in which no process is left. */
  remove(name: string): void {
    for (const folder of Object.values(foldersOf())) removeFolder(this.#in(folder, name));
  }

  /** Under which names there are any. */
  names(): ReadonlySet<string> {
    const all = Object.values(foldersOf()).flatMap(foldersIn);
    return new Set(all.flatMap((name) => (name.startsWith(this.#prefix) ? [name.slice(this.#prefix.length)] : [])));
  }

  /**
   * Removes groups without processes that kernels left which never came back, such as those whose data was removed. Young ones
   * may be about to be entered.
   */
  removeForgotten(): void {
    for (const folder of Object.values(foldersOf())) {
      for (const name of foldersIn(folder)) {
        const path = join(folder, name);
        if (groupOfAny.test(name) && !name.startsWith(this.#prefix) && isOld(path)) removeFolder(path);
      }
    }
  }

  #in(folder: string, name: string): string {
    return join(folder, this.#prefix + name);
  }
}

/** As `Sandboxes` names them. */
const groupOfAny = /^solo-[0-9a-f]{1,16}\./;
const oldMs = 3_600_000;

function isOld(path: string): boolean {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY) > oldMs;
}

function openGroup(folder: string, settings: Readonly<Record<string, string>> = {}): number | undefined {
  try {
    mkdirSync(folder, { recursive: true });
    for (const [name, value] of Object.entries(settings)) writeFileSync(join(folder, name), value);
    // A thread that moves alone takes no lock that halts the forks of the machine: microseconds instead of some 20 ms. The
    // program is one thread when it enters.
    return openSync(join(folder, "tasks"), "w");
  } catch {
    return undefined;
  }
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is in use, or gone.
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}

type Folders = Readonly<Partial<Record<Controller, string>>>;

let found: Folders | undefined;

/** This process's own groups, in which others can be made. */
function foldersOf(): Folders {
  found ??= Object.fromEntries(
    controllers.flatMap((controller) => {
      const folder = findFolder(controller);
      return folder === undefined ? [] : [[controller, folder]];
    }),
  );
  return found;
}

function findFolder(controller: Controller): string | undefined {
  try {
    const own = new RegExp(`^\\d+:${controller}:(.*)$`, "m").exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
    if (own === undefined) return undefined;
    const folder = join("/sys/fs/cgroup", controller, own);
    accessSync(folder, constants.W_OK);
    accessSync(join(folder, "tasks"), constants.W_OK);
    return folder;
  } catch {
    return undefined;
  }
}
