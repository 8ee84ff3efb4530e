import { SoloError } from "../../api/index.ts";
import type { AuditReceipt } from "../../observe/audit/index.ts";
import { type EvolutionResult, type Instance, type PortAgent, reloadAgent } from "../../supervise/index.ts";
import type { Kernel } from "../kernel.ts";
import { restoreNow } from "../operations/checkpoint/restore.ts";
import type { Service } from "../service.ts";
import { compare } from "./compare.ts";
import type { TrialRecord, TrialRecords } from "./record.ts";
import { type Seen, watchAgent } from "./watch.ts";

/** How long an agent may take to put code in place of what ran. */
const reloadMs = 30_000;
/** How long a process that has just been started may take until it is told what became of a change. */
const tellMs = 5_000;

/** One change of an agent: put in place, watched, and kept or taken back. */
export class Trial {
  readonly #kernel: Kernel;
  readonly #records: TrialRecords;
  readonly #service: Service;
  readonly #signal: AbortSignal;
  readonly #receipt: AuditReceipt;

  constructor(
    parts: { readonly kernel: Kernel; readonly records: TrialRecords; readonly service: Service },
    receipt: AuditReceipt,
    signal: AbortSignal,
  ) {
    this.#kernel = parts.kernel;
    this.#records = parts.records;
    this.#service = parts.service;
    this.#receipt = receipt;
    this.#signal = signal;
  }

  /** Has the agent take the code, and sees it through. `record` is kept before the agent is told anything. */
  async begin(instance: Instance, agent: PortAgent, record: TrialRecord, code: string): Promise<void> {
    const { target, checkpoint, code_bytes } = record;
    this.#records.save(this.#service.ref, record);
    this.#emit("evolution_started", { instance: instance.id, target, code_bytes, checkpoint });
    try {
      const reload = { code, module: target, backup_checkpoint_id: checkpoint };
      await reloadAgent(agent, reload, { timeoutMs: reloadMs, signal: this.#signal });
    } catch (thrown) {
      this.#signal.throwIfAborted();
      const error = SoloError.from(thrown);
      const failure = `the agent did not take it: ${error.message}`;
      if (isAnswer(error)) return this.#reject(record, failure, {});
      return this.#goBack(record, { failure, after: {} });
    }
    const taken = { ...record, taken: true };
    this.#records.save(this.#service.ref, taken);
    await this.watch(instance, agent, taken);
  }

  /** Sees a change through that the agent runs with. */
  async watch(instance: Instance, agent: PortAgent, record: TrialRecord): Promise<void> {
    const seen = await watchAgent(this.#kernel, { instance, agent }, this.#signal);
    if (seen.failure !== undefined) return this.#goBack(record, seen);
    const metrics = compare(record.before, seen.after);
    const reason = `well after ${Object.keys(seen.after).length === 0 ? "15 s, without measures" : "the change"}`;
    this.#records.remove(this.#service.ref);
    this.#emit("evolution_promoted", { ...about(record), metrics, before: record.before, after: seen.after });
    await this.#receipt.end({ outcome: "done", code: null, reason: null });
    await this.#tell({ success: true, decision: "promoted", metrics, reason });
  }

  /** The process is gone that was to be watched. */
  lost(record: TrialRecord): Promise<void> {
    return this.#goBack(record, { failure: "the agent ended while no kernel watched it", after: {} });
  }

  /** Nobody wants the service to run any more: it is not seen whether the change is any good. */
  async stopped(record: TrialRecord): Promise<void> {
    await this.#reject(record, "the service was stopped before the change was seen to be well", {});
  }

  async #goBack(record: TrialRecord, { failure = "", after }: Seen): Promise<void> {
    const metrics = compare(record.before, after);
    let reason = `${failure}; set back to checkpoint ${record.checkpoint}`;
    let rolledBack = true;
    try {
      await restoreNow(
        this.#kernel,
        this.#service,
        { id: record.checkpoint, wait: true, dry_run: false },
        this.#signal,
      );
    } catch (thrown) {
      this.#signal.throwIfAborted();
      const { message, applied } = SoloError.from(thrown);
      rolledBack = applied === "yes";
      reason = `${failure}; going back to checkpoint ${record.checkpoint} failed: ${message}`;
    }
    await this.#reject(record, reason, metrics, rolledBack);
  }

  async #reject(
    record: TrialRecord,
    reason: string,
    metrics: Readonly<Record<string, number>>,
    rolled_back = false,
  ): Promise<void> {
    this.#records.remove(this.#service.ref);
    this.#emit("evolution_rejected", { ...about(record), reason, rolled_back, metrics, before: record.before });
    await this.#receipt.end({ outcome: "failed", code: "failed", reason });
    await this.#tell({ success: false, decision: "rejected", metrics, reason });
  }

  /** Whichever process of the agent runs now: the one that wanted the change may be gone. */
  async #tell(result: EvolutionResult): Promise<void> {
    const instances = this.#kernel.supervisor.instancesOf(this.#service.ref);
    const agent = instances.find(({ process }) => process?.agent !== undefined)?.process?.agent;
    const isReady = await agent?.ready({ timeoutMs: tellMs }).then(
      () => true,
      () => false,
    );
    if (isReady) agent?.evolution.tell(result);
  }

  #emit(event: string, data: Readonly<Record<string, unknown>>): void {
    const { ref, key } = this.#service;
    this.#kernel.emit({ tenant: ref.tenant, event, subject: key, data });
  }
}

function about({ instance, target, code_bytes, checkpoint }: TrialRecord) {
  return { instance, target, code_bytes, checkpoint };
}

/** Whether the agent itself has said so, or was never asked: what ran before runs on then. */
function isAnswer({ code, details }: SoloError): boolean {
  return (code !== "timeout" && code !== "outcome_unknown") || details?.code !== undefined;
}
