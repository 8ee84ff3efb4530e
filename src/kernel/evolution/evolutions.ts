import { maxReloadBytes, type ServiceRef, SoloError, serviceKey } from "../../api/index.ts";
import { type AuditReceipt, type AuditSubject, failureOf } from "../../observe/audit/index.ts";
import type { Hypothesis, Instance, PortAgent } from "../../supervise/index.ts";
import type { Kernel } from "../kernel.ts";
import type { Service } from "../service.ts";
import { digestOf, type TrialRecord, TrialRecords } from "./record.ts";
import { Trial } from "./trial.ts";

/** Longest name of what is changed, and longest reason for it: they are an agent's, and are told to people. */
const longestTarget = 200;
const longestReason = 10_000;

/**
 * Changes that agents want of themselves: put on trial where their service allows it, behind a checkpoint, and taken back when
 * the agent does not stay well. One at a time for each service.
 */
export class Evolutions {
  readonly #kernel: () => Kernel;
  /** Digests of those under way in this kernel, by service. */
  readonly #underWay = new Map<string, string>();

  constructor(kernel: () => Kernel) {
    this.#kernel = kernel;
  }

  /** @returns why it is refused; undefined when the agent is told later what became of it */
  begin(ref: ServiceRef, id: string, hypothesis: Hypothesis): string | undefined {
    const kernel = this.#kernel();
    const service = kernel.find(ref);
    const found = findAgent(kernel, ref, id);
    if (service === undefined || found === undefined) return "the service is being removed";
    const refuse = ({ code, message, hint }: SoloError) => {
      const reason = hint === null ? message : `${message}: ${hint}`;
      void kernel.parts.audit.trail.refuse(subjectOf(ref, id), { code, reason });
      return reason;
    };
    const refusal = refusalOf(service, found.agent, hypothesis);
    if (refusal !== undefined) return refuse(refusal);
    const digest = digestOf(hypothesis);
    const former = this.#records.get(ref);
    const known = this.#underWay.get(serviceKey(ref)) ?? (former?.taken === true ? former.digest : undefined);
    // What was not answered by a kernel that died is sent to the next one again.
    if (known === digest) return undefined;
    if (known !== undefined) return refuse(conflict);
    this.#run(service, digest, (signal) => this.#begin(service, id, hypothesis, signal));
    return undefined;
  }

  /** Goes on with what a former kernel had on trial. */
  resume(): void {
    const kernel = this.#kernel();
    for (const key of this.#records.services()) {
      const [tenant = "", name = ""] = key.split("/");
      const service = kernel.find({ tenant, name });
      const record = this.#records.get({ tenant, name });
      if (service === undefined || record === undefined) this.#records.remove({ tenant, name });
      else this.#run(service, record.digest, (signal) => this.#resume(service, record, signal));
    }
  }

  get #records(): TrialRecords {
    return new TrialRecords(this.#kernel().parts.database.meta);
  }

  #run(service: Service, digest: string, work: (signal: AbortSignal) => Promise<void>): void {
    const kernel = this.#kernel();
    this.#underWay.set(service.key, digest);
    service.operations
      .run(work)
      .catch((error: unknown) => {
        if (!kernel.ending.aborted) kernel.noteFailure(service.ref, error);
      })
      .finally(() => this.#underWay.delete(service.key));
  }

  async #begin(service: Service, id: string, hypothesis: Hypothesis, signal: AbortSignal): Promise<void> {
    const kernel = this.#kernel();
    const { ref } = service;
    const { target, new_code: code } = hypothesis;
    const found = findAgent(kernel, ref, id);
    const pid = found?.instance.pid ?? null;
    // A new process of it knows nothing of what the one before wanted.
    if (found === undefined || pid === null) return;
    const { instance, agent } = found;
    try {
      const receipt = await kernel.parts.audit.trail.begin(subjectOf(ref, id));
      await this.#concluded(service, { receipt, signal }, async (trial) => {
        const checkpoint = await this.#checkpoint(ref);
        signal.throwIfAborted();
        const code_bytes = Buffer.byteLength(code);
        const before = agent.metrics ?? {};
        const digest = digestOf(hypothesis);
        const record = { digest, taken: false, instance: id, pid, target, code_bytes, checkpoint, before };
        await trial.begin(instance, agent, record, code);
      });
    } catch (error) {
      signal.throwIfAborted();
      const reason = `nothing was changed: ${SoloError.from(error).message}`;
      agent.evolution.tell({ success: false, decision: "rejected", metrics: {}, reason });
      throw error;
    }
  }

  async #resume(service: Service, record: TrialRecord, signal: AbortSignal): Promise<void> {
    const kernel = this.#kernel();
    const { ref } = service;
    const found = findAgent(kernel, ref, record.instance);
    const isSame = found !== undefined && found.instance.pid === record.pid;
    // Whether it has taken the code is unknown: it says again what it wants, and begins anew.
    if (isSame && !record.taken) return this.#records.remove(ref);
    const receipt = await kernel.parts.audit.trail.begin(subjectOf(ref, record.instance));
    await this.#concluded(service, { receipt, signal }, async (trial) => {
      if (!isSame) return trial.lost(record);
      const isReady = await found.agent.ready({ timeoutMs: readyMs }).then(
        () => true,
        () => false,
      );
      return isReady ? trial.watch(found.instance, found.agent, record) : trial.lost(record);
    });
  }

  /** Every trial comes to a conclusion, unless the kernel ends: that leaves it to the next one. */
  async #concluded(
    service: Service,
    { receipt, signal }: { readonly receipt: AuditReceipt; readonly signal: AbortSignal },
    work: (trial: Trial) => Promise<void>,
  ): Promise<void> {
    const kernel = this.#kernel();
    const trial = new Trial({ kernel, records: this.#records, service }, receipt, signal);
    try {
      await work(trial);
    } catch (error) {
      if (kernel.ending.aborted) return;
      const record = this.#records.get(service.ref);
      if (signal.aborted && record !== undefined) return trial.stopped(record);
      this.#records.remove(service.ref);
      await receipt.end(failureOf(SoloError.from(error)));
      throw error;
    }
  }

  /** One that has everything that is kept of the agent now. */
  async #checkpoint(ref: ServiceRef): Promise<string> {
    const { states, checkpoints } = this.#kernel().parts;
    const state = await states.open(ref);
    const { position } = state;
    await checkpoints.beforeRisk(ref, "evolution");
    const newest = checkpoints.of(ref).newest();
    if (newest !== undefined && newest.position >= position) return newest.id;
    return (await checkpoints.make(ref, state, "evolution")).id;
  }
}

/** An adopted agent shakes hands first. */
const readyMs = 30_000;

const conflict = new SoloError("conflict", "another change of it is on trial", {
  hint: "wait for its evolution_result",
});

function refusalOf(
  service: Service,
  agent: PortAgent,
  { reason, target, new_code }: Hypothesis,
): SoloError | undefined {
  const { evolution = "deny" } = service.revision.spec;
  if (evolution === "deny") {
    return new SoloError("forbidden", "the service does not allow its agent to change itself", {
      hint: `set evolution = "allow" in [service.${service.ref.name}] of solo.toml, and deploy it again`,
    });
  }
  if (!agent.takesCode) {
    return new SoloError("conflict", "the agent takes no code while it runs", {
      hint: "say `hot_reload: true` in its hello",
    });
  }
  if (Buffer.byteLength(new_code) > maxReloadBytes) {
    return new SoloError("limit_exceeded", `new_code has at most ${maxReloadBytes} bytes`);
  }
  if (target === "" || target.length > longestTarget || reason.length > longestReason) {
    const limits = `target has 1 to ${longestTarget} characters, reason at most ${longestReason}`;
    return new SoloError("invalid_request", limits);
  }
  return undefined;
}

function findAgent(
  kernel: Kernel,
  ref: ServiceRef,
  id: string,
): { readonly instance: Instance; readonly agent: PortAgent } | undefined {
  const instance = kernel.supervisor.instancesOf(ref).find((one) => one.id === id);
  const agent = instance?.process?.agent;
  return instance === undefined || agent === undefined ? undefined : { instance, agent };
}

function subjectOf(ref: ServiceRef, instance: string): AuditSubject {
  const key = serviceKey(ref);
  return {
    actor: `service:${key}`,
    tenant: ref.tenant,
    capability: null,
    request_id: `${key}/${instance}`,
    operation: "evolution",
    subject: key,
    cause: `instance ${instance}`,
  };
}
