import { rmSync } from "node:fs";
import { SoloError } from "../api/index.ts";
import { bootId } from "../system/index.ts";
import { fifoPaths, inputPath } from "./launch.ts";
import type { InstanceRecord, LaunchPlan, SuperviseRuntime } from "./runtime.ts";

/** What changes of an instance's record. */
export type InstanceFacts = Pick<
  InstanceRecord,
  "state" | "pid" | "startTime" | "port" | "serves" | "shape" | "started" | "restarts"
>;

/** What an instance leaves for others to read: its record for the next kernel, its events, its log, its FIFOs. */
export class InstanceJournal {
  /** Whether the disk holds a record of the instance. */
  isKnown = false;

  constructor(
    private readonly runtime: SuperviseRuntime,
    private readonly plan: LaunchPlan,
    private readonly id: string,
    private readonly key: string,
  ) {}

  /**
   * Keeps that a process is about to be started: one that the next kernel knows nothing of would be started a second time.
   * @throws what the disk refuses, if it holds no record of this instance yet; with any, the next kernel looks for it
   */
  intend(facts: InstanceFacts): void {
    if (this.isKnown) this.save(facts);
    else this.#write(facts);
  }

  /** For a change that has happened whether it can be kept or not: the next kernel finds out by looking at the process. */
  save(facts: InstanceFacts): void {
    this.#attempt(() => this.#write(facts));
  }

  remove(): void {
    this.#attempt(() => {
      this.runtime.records.remove(this.id);
      this.isKnown = false;
    });
  }

  emit(event: string, data: Readonly<Record<string, unknown>>): void {
    this.runtime.emit({ event, ref: this.plan.ref, instance: this.id, data });
  }

  /** Adds a line of the kernel's own to the service's log. */
  note(text: string): void {
    this.#attempt(() => this.runtime.logs.note(this.plan.ref, this.id, text));
  }

  /** Where the instance's output goes, and an agent's input comes from. */
  fifos(): readonly string[] {
    const outputs = fifoPaths(this.runtime, this.id);
    return this.plan.spec.kind === "port" ? [...outputs, inputPath(this.runtime, this.id)] : outputs;
  }

  /** Removes what only a living instance needs. */
  removeFifos(): void {
    this.runtime.sandbox.release(this.id);
    for (const fifo of this.fifos()) {
      this.runtime.guardian.drop(fifo);
      rmSync(fifo, { force: true });
    }
  }

  #write(facts: InstanceFacts): void {
    const { ref, revision } = this.plan;
    this.runtime.records.save({ id: this.id, ref, revision, key: this.key, bootId: bootId(), ...facts });
    this.isKnown = true;
  }

  /** A disk that takes nothing must not keep an instance from its next state. */
  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.emit("record_failed", { reason: SoloError.from(error).message });
    }
  }
}
