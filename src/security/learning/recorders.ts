import { randomInt } from "node:crypto";
import { closeSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { type ServiceRef, SoloError } from "../../api/index.ts";
import {
  type CallWatch,
  descriptorPair,
  isRunning,
  openPidfd,
  type Poller,
  type ProcessIdentity,
  readStat,
  watchFilter,
  writeFileAtomic,
} from "../../system/index.ts";
import type { RecorderOrder } from "./recorder.ts";
import { prepareRecord, recordPath } from "./use-file.ts";

export interface RecordersOptions {
  /** Where the records of services are: a folder for each tenant, in it one for each service. */
  readonly records: string;
  /** Where it is kept which process records which. */
  readonly running: string;
  /** How this program is started. */
  readonly self: readonly string[];
  readonly poller: Poller;
  /** A process can't make any watched call any more: nobody is there to let it go on. */
  readonly onLost: (instance: string, process: ProcessIdentity) => void;
}

export interface RecordedInstance {
  readonly id: string;
  readonly ref: ServiceRef;
  readonly revision: string;
}

/** A process that records, from before the one that it looks at is started. */
export interface Recorder {
  /** For the program that is to be recorded. */
  readonly watch: CallWatch;
  /** It has been started. */
  began(pid: number): void;
  /** Closes what only the start needed. Without a process to look at, the recorder ends by itself. */
  close(): void;
}

interface AtWork {
  /** Of its service's records. */
  readonly folder: string;
  /** What it looks at. */
  readonly process: ProcessIdentity;
  readonly ended: Promise<void>;
}

const identity = z.object({ pid: z.int(), startTime: z.int() });
const pairSchema = z.object({ revision: z.string(), recorder: identity, process: identity });
type Pair = z.infer<typeof pairSchema>;

/**
 * The processes that record what services in audit mode use, one for each process of an instance. They outlive the kernel as the
 * services do, and end with them.
 */
export class Recorders {
  readonly #options: RecordersOptions;
  /** Revisions of the instances that are recorded, by instance. */
  readonly #revisions = new Map<string, string>();
  /** Those that this kernel started and that have not ended. */
  readonly #atWork = new Set<AtWork>();

  constructor(options: RecordersOptions) {
    this.#options = options;
  }

  folderOf({ tenant, name }: ServiceRef): string {
    return join(this.#options.records, tenant, name);
  }

  /** The revision of an instance that is recorded. */
  revisionOf(id: string): string | undefined {
    return this.#revisions.get(id);
  }

  /** @throws SoloError `start_failed` when the system has no process for it */
  start(instance: RecordedInstance, order: RecorderOrder): Recorder {
    const { self, running } = this.#options;
    const folder = this.folderOf(instance.ref);
    prepareRecord(folder, instance.revision);
    mkdirSync(running, { recursive: true, mode: 0o700 });
    const [ours, theirs] = descriptorPair();
    const pass = randomInt(1, largestPass);
    try {
      const child = Bun.spawn({
        cmd: [...self, "__recorder", recordPath(folder, instance.revision)],
        env: {},
        cwd: "/",
        stdio: [new TextEncoder().encode(JSON.stringify(order)), "ignore", "ignore", theirs],
        detached: true,
      });
      child.unref();
      // Whoever reaps orphans may take its status before Bun does: its end is seen by a pidfd.
      child.exited.catch(() => undefined);
      return {
        watch: { filter: watchFilter(pass), pass, socket: ours },
        began: (pid) => this.#began(instance, child.pid, pid),
        close: () => closeSync(ours),
      };
    } catch (cause) {
      closeSync(ours);
      throw new SoloError("start_failed", "no process could be started to record what it uses", { cause });
    } finally {
      closeSync(theirs);
    }
  }

  /** After a former kernel: watches the recorders of instances that still run, and forgets the others. */
  takeOver(known: ReadonlySet<string>): void {
    for (const name of names(this.#options.running)) {
      const id = basename(name, ".json");
      if (!known.has(id)) this.release(id);
      else this.#watchAgain(id);
    }
  }

  /** Waits for what is yet to be kept of processes of a service that have ended: for a moment at most. */
  async settled(ref: ServiceRef): Promise<void> {
    const folder = this.folderOf(ref);
    const ending = [...this.#atWork].filter((work) => work.folder === folder && !isSame(work.process));
    if (ending.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, settleMs);
    await Promise.race([Promise.all(ending.map(({ ended }) => ended)), promise]);
    clearTimeout(timer);
  }

  /** The instance is gone. */
  release(id: string): void {
    this.#revisions.delete(id);
    rmSync(this.#fileOf(id), { force: true });
  }

  #began({ id, ref, revision }: RecordedInstance, recorder: number, pid: number): void {
    const pair = { revision, recorder: identityOf(recorder), process: identityOf(pid) };
    try {
      writeFileAtomic(this.#fileOf(id), JSON.stringify(pair));
    } catch {
      // The next kernel will not watch it; the program runs, and must not be lost for that.
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const work: AtWork = { folder: this.folderOf(ref), process: pair.process, ended: promise };
    this.#atWork.add(work);
    this.#watch(id, pair, () => {
      this.#atWork.delete(work);
      resolve();
    });
  }

  #watch(id: string, pair: Pair, onEnd: () => void = () => undefined): void {
    const { poller, onLost } = this.#options;
    this.#revisions.set(id, pair.revision);
    const tell = () => {
      onEnd();
      if (isSame(pair.process)) onLost(id, pair.process);
    };
    const pidfd = isSame(pair.recorder) ? openPidfd(pair.recorder.pid) : undefined;
    if (pidfd === undefined) {
      tell();
      return;
    }
    const watch = poller.watch(pidfd, () => {
      watch.close();
      closeSync(pidfd);
      tell();
    });
  }

  #watchAgain(id: string): void {
    const pair = readPair(this.#fileOf(id));
    if (pair !== undefined) this.#watch(id, pair);
  }

  #fileOf(id: string): string {
    return join(this.#options.running, `${id}.json`);
  }
}

function identityOf(pid: number): ProcessIdentity {
  return { pid, startTime: readStat(pid)?.startTime ?? 0 };
}

function isSame({ pid, startTime }: ProcessIdentity): boolean {
  const stat = readStat(pid);
  return isRunning(stat) && stat.startTime === startTime;
}

function readPair(path: string): Pair | undefined {
  try {
    return pairSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}

/** What a recorder has to keep when its process ends takes milliseconds, unless the disk is slow. */
const settleMs = 2_000;
const largestPass = 2 ** 31;
