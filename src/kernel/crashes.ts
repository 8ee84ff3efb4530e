import { join } from "node:path";
import type { CrashDocument, CrashList, ServiceRef } from "../api/index.ts";
import { CrashStore, coreHint } from "../observe/crashes/index.ts";
import type { LogStore } from "../observe/logs/index.ts";
import type { Instance, SuperviseEvent, Usage } from "../supervise/index.ts";
import type { Clock } from "../system/index.ts";

/** Lines of an instance's output that a report keeps, and the longest part of each. */
const keptLines = 20;
const longestLine = 1_000;

interface CrashParts {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logs: Pick<LogStore, "tail">;
  readonly instancesOf: (ref: ServiceRef) => readonly Instance[];
  /** The latest figures of an instance. */
  readonly usageOf: (instance: Instance) => Usage;
  /** Told of reports that could not be kept. */
  readonly onTrouble: (message: string) => void;
}

/** How a process ended, as the event of its end tells. */
interface Ended {
  readonly pid: number | null;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly known: boolean;
  readonly reason: string;
  readonly time: number;
  readonly usage: CrashDocument["usage"];
  readonly startedAt: number | null;
}

/** Where a data directory's crash reports are. */
export function crashStore(dataDir: string): CrashStore {
  return new CrashStore(join(dataDir, "crashes"));
}

/** Writes a report of every process that died without having been asked to. */
export class CrashReports {
  readonly #parts: CrashParts;
  readonly #store: CrashStore;
  /** Ends whose last output is still on its way, by instance. */
  readonly #pending = new Map<string, Ended>();

  constructor(parts: CrashParts) {
    this.#parts = parts;
    this.#store = crashStore(parts.dataDir);
  }

  folderOf(ref: ServiceRef): string {
    return this.#store.folderOf(ref);
  }

  list(ref: ServiceRef): CrashList {
    return { crashes: this.#store.list(ref) };
  }

  /** Takes an event of an instance; that of its process's end matters. */
  note({ event, ref, instance: id, data }: SuperviseEvent): void {
    const { exit_code, signal, known, reason, asked, pid } = data;
    if (event !== "instance_exited" || asked === true || exit_code === 0) return;
    const instance = this.#parts.instancesOf(ref).find((candidate) => candidate.id === id);
    if (instance === undefined) return;
    const { rssBytes, cpuPercent } = this.#parts.usageOf(instance);
    this.#pending.set(instance.id, {
      pid: typeof pid === "number" ? pid : null,
      exit_code: typeof exit_code === "number" ? exit_code : null,
      signal: typeof signal === "string" ? signal : null,
      known: known === true,
      reason: typeof reason === "string" ? reason : "",
      time: this.#parts.clock.now(),
      usage: rssBytes === 0 ? null : { rss_bytes: rssBytes, cpu_percent: cpuPercent },
      startedAt: instance.startedAt,
    });
  }

  /** Called at every change of an instance: once its process is forgotten, its output is complete. */
  changed(instance: Instance): void {
    const ended = this.#pending.get(instance.id);
    if (ended === undefined || instance.pid === ended.pid) return;
    this.#pending.delete(instance.id);
    this.#report(instance, ended).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      this.#parts.onTrouble(`no crash report of ${instance.id} could be kept: ${message}`);
    });
  }

  async #report(instance: Instance, ended: Ended): Promise<void> {
    const { plan, id, restarts, state } = instance;
    const { pid, exit_code, signal, known, reason, time, usage, startedAt } = ended;
    const { memory_bytes, cpu_cores, processes, files } = plan.spec.limits ?? {};
    const limits = {
      ...(memory_bytes !== undefined && { memory_bytes }),
      ...(cpu_cores !== undefined && { cpu_cores }),
      ...(processes !== undefined && { processes }),
      ...(files !== undefined && { files }),
    };
    const log = await this.#parts.logs.tail(plan.ref, id, keptLines);
    this.#store.add({
      time: new Date(time).toISOString(),
      service: plan.ref.name,
      tenant: plan.ref.tenant,
      instance: id,
      revision: plan.revision,
      pid,
      exit_code,
      signal,
      known,
      reason,
      uptime_ms: startedAt === null ? null : Math.max(0, Math.round(time - startedAt)),
      restarts,
      state,
      usage,
      limits: Object.keys(limits).length === 0 ? null : limits,
      core: coreHint(signal, pid, plan.spec.sandbox.mode !== "off"),
      log: log.map((line) => (line.length > longestLine ? `${line.slice(0, longestLine)}…` : line)),
    });
  }
}
