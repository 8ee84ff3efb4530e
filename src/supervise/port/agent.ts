import { randomBytes } from "node:crypto";
import type { z } from "zod";
import type { FrameRefusal, RawMessage } from "../../api/frames/index.ts";
import { SoloError } from "../../api/index.ts";
import { type AskOptions, Requests, type Trace, within } from "../requests.ts";
import { PortChannel } from "./channel.ts";
import { CheckpointIntake } from "./checkpoint-intake.ts";
import { accept, dispatch, type MessageHandlers } from "./dispatch.ts";
import { openEnvelope, readValue } from "./envelope.ts";
import { AgentEvolution } from "./evolution.ts";
import { helloMessage, now, protocolVersions, restoreParts } from "./kernel-messages.ts";
import {
  afterEntryMs,
  handshakeMs,
  maxPlainBytes,
  mostErrorBytes,
  mostWaitingBytes,
  restoreFrameBytes,
  startMs,
} from "./limits.ts";
import { LogIntake } from "./log-intake.ts";
import { type AgentMetrics, checkpointSchema, helloSchema, type PortErrorCode, type StepRequest } from "./messages.ts";
import type { PortAgentOptions } from "./options.ts";
import { Allowance, clip } from "./report.ts";
import { StepRequests } from "./step-requests.ts";

/** How far the handshake is (docs/protocol.md, section 4). */
type Stage = "marking" | "introducing" | "loading" | "restoring" | "ready" | "closed";

/** A process that speaks the port protocol, from its start (or adoption) to its end. */
export class PortAgent {
  readonly #options: PortAgentOptions;
  readonly channel: PortChannel;
  readonly #requests = new Requests();
  #stage: Stage = "marking";
  #resume: boolean;
  #readiness = Promise.withResolvers<void>();
  #patience: ReturnType<typeof setTimeout> | undefined;
  #log: LogIntake | undefined;
  readonly #checkpoints: CheckpointIntake;
  readonly #steps: StepRequests;
  /** What the log had when the first chunk of the message under way came. */
  #takenAtBegin: number | undefined;
  readonly #events = new Allowance();
  /** A refused entry that the agent has yet to be told of, because it reads too slowly. */
  #refusal: { readonly sequence: number; readonly message: string } | undefined;
  readonly #handlers: MessageHandlers = {
    beat: () => this.#beat(),
    log: (type, entries) => {
      this.#logOf(type)?.take(entries);
      this.channel.expect(afterEntryMs);
    },
    measured: (metrics) => {
      this.metrics = metrics;
      this.evolution.witness?.measured(metrics);
    },
    answered: (response) => this.#requests.answer(response.request_id, response),
    step: (request) => void this.#step(request),
    evolve: (hypothesis) => this.evolution.intend(hypothesis),
    failed: (error) => {
      this.#report("agent_error", clip(error));
      this.evolution.witness?.failed(error.code, error.message);
    },
  };
  readonly evolution: AgentEvolution;
  version: number | undefined;
  /** What it says of itself. */
  name: string | undefined;
  methods: readonly string[] = [];
  takesCode = false;
  metrics: AgentMetrics | undefined;

  constructor(options: PortAgentOptions) {
    this.#options = options;
    this.#resume = options.resume;
    const { poller, clock, input, output, store } = options;
    this.#steps = new StepRequests(options.steps);
    this.evolution = new AgentEvolution({
      begin: options.evolve,
      report: (event, data) => this.#report(event, data),
      tell: (result) => {
        if (this.channel.waitingBytes < mostErrorBytes) this.#send("evolution_result", { ...result });
      },
    });
    this.#checkpoints = new CheckpointIntake({
      store,
      onKept: ({ id, bytes, sequence }) => {
        this.#log?.checkpointed(sequence);
        this.#send("checkpoint_ack", { checkpoint_id: id, size: bytes });
        this.#report("agent_checkpoint", { checkpoint_id: id, bytes, sequence });
      },
      onFailed: (reason) => {
        this.#send("error", { error: { code: "CHECKPOINT_FAILED", message: reason, details: {} } });
        this.#report("agent_checkpoint_failed", { reason });
      },
      onRefused: (reason) => this.#error("CHECKPOINT_FAILED", reason),
    });
    this.channel = new PortChannel({
      poller,
      clock,
      input,
      output,
      sink: {
        marked: () => {
          if (this.#stage === "marking") this.#stage = "introducing";
        },
        began: () => {
          this.#takenAtBegin = this.#log?.taken;
        },
        message: (raw) => this.#receive(raw),
        refused: (refusal) => this.#refused(refusal),
        flushed: () => this.#acknowledge(),
      },
    });
    this.#greet();
  }

  get isReady(): boolean {
    return this.#stage === "ready";
  }

  /**
   * Waits for an agent that is about to be ready, after a handshake or a restore.
   * @throws SoloError `unhealthy` when it does not get ready, or reads nothing
   */
  async ready({ timeoutMs }: AskOptions): Promise<void> {
    if (this.#stage !== "ready") await within(this.#readiness.promise, Math.min(timeoutMs, handshakeMs));
    if (this.#stage !== "ready" || this.channel.waitingBytes > mostWaitingBytes) {
      const why = this.#stage === "ready" ? "does not read what it is asked" : "is not ready";
      throw new SoloError("unhealthy", `the agent ${why}`, { hint: "try again in a moment" });
    }
  }

  /** Sends a message that `process_response` answers. Throws as {@link ready} and {@link Requests.ask} do. */
  async ask(type: string, fields: Readonly<Record<string, unknown>>, options: AskOptions): Promise<unknown> {
    await this.ready(options);
    const send = (request_id: string) => {
      this.channel.expect();
      this.#send(type, { request_id, ...fields });
    };
    return this.#requests.ask(send, options);
  }

  traceOf(id: string): Trace | undefined {
    return this.#requests.traceOf(id);
  }

  /** Asks it to end by itself. */
  shutDown(reason: string): void {
    if (this.#stage === "ready") this.#send("shutdown", { reason, create_checkpoint: true });
  }

  close(): void {
    this.#stage = "closed";
    this.#readiness.resolve();
    clearTimeout(this.#patience);
    this.#requests.abandon();
    this.channel.close();
  }

  #greet(): void {
    const session = randomBytes(16);
    if (this.#stage === "ready") this.#readiness = Promise.withResolvers();
    this.#stage = "marking";
    this.channel.seek(session);
    this.channel.send(helloMessage(this.#options.identity, session, this.#resume, this.#options.clock));
    this.channel.expect(startMs);
    // A new process has the service's grace; one that was ready before must answer like one that beats.
    clearTimeout(this.#patience);
    if (this.#resume) {
      const reason = `did not answer the handshake within ${handshakeMs / 1_000} s`;
      this.#patience = setTimeout(() => this.#options.onDead(reason), handshakeMs);
    }
  }

  #receive(raw: RawMessage): void {
    if (this.#stage === "closed") return;
    const takenAtBegin = raw.isChunked ? this.#takenAtBegin : this.#log?.taken;
    const envelope = openEnvelope(raw);
    if (typeof envelope === "string") return void this.#invalid("malformed", envelope);
    const { fields, data: range } = envelope;
    const { type } = fields;
    if (typeof type !== "string") return void this.#invalid("missing_field", "type is missing");
    if (type === "checkpoint") return void this.#checkpoint(raw, fields, range, takenAtBegin ?? 0);
    if (raw.bytes > maxPlainBytes)
      return void this.#invalid("oversized_message", `a ${type} has at most ${maxPlainBytes} bytes`);
    const data = range === undefined ? { value: undefined } : readValue(raw, range);
    if (typeof data === "string") return void this.#invalid("malformed", data);
    this.#handle(type, range === undefined ? fields : { ...fields, data: data.value });
  }

  #handle(type: string, message: Readonly<Record<string, unknown>>): void {
    if (type === "hello") return void this.#introduced(message);
    if (this.#stage === "introducing")
      return void this.#invalid("handshake", "the first message after the mark is hello");
    const invalid = dispatch(type, message, this.#handlers);
    if (invalid !== undefined) this.#invalid(invalid.reason, invalid.message);
  }

  #introduced(message: Readonly<Record<string, unknown>>): void {
    if (this.#stage !== "introducing") return void this.#invalid("handshake", "hello was not expected");
    const invalid = accept("hello", helloSchema, message, (hello) => this.#admit(hello));
    if (invalid !== undefined) this.#invalid(invalid.reason, invalid.message);
  }

  #admit({ version, data }: z.infer<typeof helloSchema>): void {
    if (!protocolVersions.includes(version)) {
      this.#error("UNSUPPORTED_VERSION", `version ${version} is not spoken here`, { versions: protocolVersions });
      return void this.#options.onDead(`speaks version ${version} of the port protocol`);
    }
    clearTimeout(this.#patience);
    this.version = version;
    this.name = data?.name;
    this.methods = data?.methods ?? [];
    this.takesCode = data?.hot_reload ?? false;
    this.#stage = "loading";
    void this.#begin().catch((error: unknown) => this.#options.onDead(SoloError.from(error).message));
  }

  async #begin(): Promise<void> {
    if (!this.#resume) return this.#restore();
    if (this.#log === undefined) this.#openLog((await this.#options.store.load()).sequence);
    if (this.#stage !== "loading") return;
    this.#stage = "ready";
    this.#readiness.resolve();
    this.#options.onBeat();
  }

  async #restore(): Promise<void> {
    const memory = await this.#options.store.load();
    if (this.#stage !== "loading") return;
    const parts = restoreParts(memory, this.#options.clock);
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    this.#openLog(memory.sequence);
    this.#options.recovery.restoring(bytes, memory.entries.length);
    this.#stage = "restoring";
    // Half of a long frame ends with its reader: a process that was never ready does not outlive the kernel it had.
    this.channel.sendParts(parts, restoreFrameBytes);
    this.channel.expect(startMs);
  }

  #openLog(sequence: number): void {
    this.#log = new LogIntake(sequence, {
      store: this.#options.store,
      onKept: () => {
        if (this.channel.waitingBytes < mostErrorBytes) this.#acknowledge();
      },
      onRefused: (refused, { message }) => {
        this.#refusal = { sequence: refused, message };
        if (this.channel.waitingBytes < mostErrorBytes) this.#acknowledge();
      },
    });
  }

  #logOf(type: string): LogIntake | undefined {
    if (this.#log === undefined) this.#invalid("handshake", `a ${type} came before restore`);
    return this.#log;
  }

  #beat(): void {
    if (this.#stage === "restoring") {
      this.#stage = "ready";
      this.#readiness.resolve();
      this.#resume = true;
      const recovery = this.#options.recovery.ready();
      if (recovery !== undefined) {
        const { detectionMs: detection_ms, restartMs: restart_ms, restoreMs: restore_ms } = recovery;
        this.#options.emit("agent_recovered", { detection_ms, restart_ms, restore_ms });
      }
    }
    if (this.#stage === "ready") this.#options.onBeat();
  }

  #acknowledge(): void {
    const acknowledgement = this.#log?.acknowledgement();
    if (acknowledgement !== undefined) this.#send("wal_flush_ack", { ...acknowledgement });
    const refusal = this.#refusal;
    this.#refusal = undefined;
    if (refusal !== undefined) this.#error("WAL_FULL", refusal.message, { sequence: refusal.sequence });
  }

  #checkpoint(
    raw: RawMessage,
    fields: Readonly<Record<string, unknown>>,
    range: readonly [number, number] | undefined,
    taken: number,
  ): void {
    if (this.#logOf("checkpoint") === undefined) return;
    if (range === undefined) return void this.#invalid("missing_field", "data is missing");
    const invalid = accept("checkpoint", checkpointSchema, fields, ({ metadata, compressed }) =>
      this.#checkpoints.take(raw, range, compressed === true, metadata?.sequence ?? taken, taken),
    );
    if (invalid !== undefined) this.#invalid(invalid.reason, invalid.message);
  }

  async #step({ request_id, operation, input }: StepRequest): Promise<void> {
    this.#send("step_response", { request_id, ...(await this.#steps.answer(operation, input)) });
  }

  #refused(refusal: FrameRefusal): void {
    if (!refusal.isOutOfStep) return void this.#invalid(refusal.reason, refusal.message);
    this.#error("OUT_OF_STEP", refusal.message);
    this.#report("agent_out_of_step", { reason: refusal.message });
    this.#greet();
  }

  #invalid(reason: string, message: string): void {
    this.#error("INVALID_MESSAGE", message, { reason });
  }

  #error(code: PortErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}): void {
    if (this.channel.waitingBytes < mostErrorBytes) this.#send("error", { error: { code, message, details } });
    if (this.#events.take(this.#options.clock.monotonic())) this.#options.note(`port protocol: ${code}: ${message}`);
  }

  #report(event: string, data: Readonly<Record<string, unknown>>): void {
    if (this.#events.take(this.#options.clock.monotonic())) this.#options.emit(event, data);
  }

  #send(type: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#stage !== "closed") this.channel.send({ type, timestamp: now(this.#options.clock), ...fields });
  }
}
