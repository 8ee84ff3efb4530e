import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type LogLine, nameForm, namePattern, type ServiceRef, SoloError, serviceKey } from "../../api/index.ts";
import { type Clock, type Poller, systemClock } from "../../system/index.ts";
import { Capture, keepInterrupted, type LogCapture } from "./capture.ts";
import { GlobalBudget } from "./global-budget.ts";
import { Intake } from "./intake.ts";
import { OpenFiles } from "./open-files.ts";
import { type LogQuery, readLog } from "./read-log.ts";
import { checkInstance, formatRecord, type Stream } from "./record.ts";
import type { LogRedaction } from "./redaction.ts";
import { SegmentWriter } from "./segment-writer.ts";
import { foldersIn } from "./segments.ts";
import { ServiceLog } from "./service-log.ts";
import { Wakeups } from "./wakeups.ts";

/** What the store tells the kernel, in words for its operator. */
export interface LogProblem {
  readonly kind: "writing_failed" | "writing_resumed";
  readonly message: string;
}

export interface LogStoreOptions {
  /** Holds a folder per tenant with a folder per service. */
  readonly directory: string;
  /** Watches the FIFOs. */
  readonly poller: Poller;
  readonly clock?: Clock;
  /** All logs together stay below this: 1 GB by default. */
  readonly globalBytes?: number;
  /** What all captures together may write per second; see `throttle.ts`. */
  readonly bytesPerSecond?: number;
  /** Told when the first log can't be written any more, and when all of them can again. */
  readonly onProblem?: (problem: LogProblem) => void;
  /** What has to be taken out of what services write. */
  readonly redaction?: LogRedaction;
}

/** What to capture, and where to. */
export interface LogCaptureRequest {
  readonly ref: ServiceRef;
  readonly instance: string;
  readonly stream: Stream;
  /** Path of an existing FIFO, to which the instance's stream goes. */
  readonly fifo: string;
  /** What the service's log may take on disk: its specification's `log_bytes`. */
  readonly budgetBytes: number;
  /** Called when a part of it tells of a refusal by the system, such as "Permission denied". */
  readonly onDenied?: () => void;
}

/**
 * The logs of all services: captured from FIFOs, kept within budgets, read back. One writing store per directory: the
 * kernel's lock sees to that. Reading needs no lock.
 */
export class LogStore {
  readonly #directory: string;
  readonly #poller: Poller;
  readonly #clock: Clock;
  readonly #bytesPerSecond: number | undefined;
  readonly #onProblem: (problem: LogProblem) => void;
  readonly #redaction: LogRedaction | undefined;
  readonly #files = new OpenFiles();
  readonly #wakeups = new Wakeups();
  readonly #budget: GlobalBudget;
  readonly #logs = new Map<string, ServiceLog>();
  readonly #captures = new Set<Capture>();
  /** What is wrong now, by log. */
  readonly #problems = new Map<string, string>();
  #intake: Intake | undefined;

  constructor(options: LogStoreOptions) {
    this.#directory = options.directory;
    this.#poller = options.poller;
    this.#clock = options.clock ?? systemClock;
    this.#bytesPerSecond = options.bytesPerSecond;
    this.#onProblem = options.onProblem ?? (() => {});
    this.#redaction = options.redaction;
    this.#budget = new GlobalBudget(options.globalBytes ?? defaultGlobalBytes, (key) => this.#logOf(refOf(key)).writer);
  }

  /** What all logs take on disk, and may take. */
  get space(): GlobalBudget["space"] {
    return this.#budget.space;
  }

  /**
   * Begins to read a FIFO into the service's log. For a new instance call it before the process starts; for an adopted one
   * it goes on where the former kernel stopped.
   */
  capture(request: LogCaptureRequest): LogCapture {
    const { instance, stream, fifo, budgetBytes } = request;
    checkInstance(instance);
    const intake = this.#prepare();
    const log = this.#logOf(request.ref);
    log.writer.budgetBytes = budgetBytes;
    const identity = [log.key, instance, stream, budgetBytes].join(" ");
    const source = { instance, stream, fifo, identity, onDenied: request.onDenied };
    const capture = new Capture(intake, log, source, this.#redaction);
    this.#captures.add(capture);
    return {
      drained: (deadlineMs) => capture.drained(deadlineMs),
      close: () => {
        capture.close();
        this.#captures.delete(capture);
      },
    };
  }

  /** Adds lines of the kernel's own to a service's log, as if the instance had written them to standard error. */
  note(ref: ServiceRef, instance: string, text: string): void {
    checkInstance(instance);
    this.#prepare();
    const now = this.#clock.now();
    const clean = this.#redaction?.of(ref)?.text(text) ?? text;
    const lines = clean.slice(0, maxNoteChars).replace(/\n$/, "").split("\n");
    const records = Buffer.concat(lines.map((line) => formatRecord(now, instance, "stderr", "F", line)));
    const log = this.#logOf(ref);
    if (!log.append(records)) log.lose(lines.length, Buffer.byteLength(text));
  }

  /** Lines as a query wants them; none for a service that never wrote one. See {@link readLog}. */
  read(query: LogQuery, signal?: AbortSignal): AsyncGenerator<LogLine> {
    const source = { folder: this.#folderOf(query), clock: this.#clock, wakeups: this.#wakeups };
    return readLog(source, query, signal);
  }

  /**
   * The messages of the last lines of one instance, oldest first, as far as they are near the log's end: every end of a process asks
   * for them, and one that said nothing must not have all be read that others said.
   */
  async tail(ref: ServiceRef, instance: string, lines: number): Promise<string[]> {
    const messages: string[] = [];
    const query = { ...ref, instance, tail: lines, follow: false, reach: tailReach };
    for await (const line of this.read(query)) messages.push(line.message);
    return messages;
  }

  /** Deletes a service's log. A service of that name that is deployed later begins a new one. */
  removeService(ref: ServiceRef): void {
    const log = this.#logOf(ref);
    log.writer.removeAll();
    this.#logs.delete(log.key);
    this.#budget.remove(log.key);
    this.#report(log.key, null);
    this.#wakeups.renew(log.key);
  }

  /** Stops all captures and closes all files. What is in the FIFOs stays there. */
  close(): void {
    for (const capture of this.#captures) capture.close();
    this.#captures.clear();
    this.#intake?.close();
    this.#files.releaseAll();
  }

  /** Before the first write: finishes what a former kernel began, and learns what all logs take. */
  #prepare(): Intake {
    if (this.#intake) return this.#intake;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const intake = new Intake(this.#clock, this.#poller, join(this.#directory, stagingFile), this.#bytesPerSecond);
    this.#intake = intake;
    if (!intake.staging.durable) {
      this.#report(
        stagingFile,
        `${join(this.#directory, stagingFile)} can't be mapped: a crash may lose lines being read`,
      );
    }
    this.#finishInterrupted(intake);
    const keys = foldersIn(this.#directory).flatMap((tenant) =>
      foldersIn(join(this.#directory, tenant)).map((name) => `${tenant}/${name}`),
    );
    void this.#budget.scan(keys.filter((key) => key.split("/").every((part) => namePattern.test(part))));
    return intake;
  }

  #finishInterrupted({ staging }: Intake): void {
    const chunk = staging.interrupted();
    if (chunk) {
      const [key = "", instance = "", stream = "", budgetBytes] = chunk.identity.split(" ");
      const log = this.#logOf(refOf(key));
      log.writer.budgetBytes = Number(budgetBytes);
      log.writer.truncate(chunk.position);
      keepInterrupted(log, instance, stream === "stderr" ? "stderr" : "stdout", chunk, this.#redaction);
      // It lies in a file.
      staging.chunk.fill(0);
    }
    staging.end();
  }

  #logOf(ref: ServiceRef): ServiceLog {
    const key = serviceKey(ref);
    const known = this.#logs.get(key);
    if (known) return known;
    const writer = new SegmentWriter(this.#folderOf(ref), this.#files, defaultServiceBytes);
    const log = new ServiceLog({ tenant: ref.tenant, name: ref.name }, writer, this.#clock, {
      onChange: () => this.#changed(log),
      onProblem: (_, problem) => this.#report(key, problem),
    });
    this.#logs.set(key, log);
    return log;
  }

  #changed(log: ServiceLog): void {
    this.#budget.set(log.key, log.writer.bytes);
    this.#wakeups.notify(log.key);
  }

  /** A full disk stops every log at once: one message says it for all. */
  #report(key: string, problem: string | null): void {
    const before = this.#problems.size;
    if (problem === null) this.#problems.delete(key);
    else this.#problems.set(key, problem);
    if (before === 0 && problem !== null) this.#onProblem({ kind: "writing_failed", message: problem });
    if (before > 0 && this.#problems.size === 0) {
      this.#onProblem({ kind: "writing_resumed", message: "all logs can be written again" });
    }
  }

  #folderOf({ tenant, name }: ServiceRef): string {
    for (const part of [tenant, name]) {
      if (!namePattern.test(part))
        throw new SoloError("invalid_name", `invalid name ${JSON.stringify(part)}: use ${nameForm}`);
    }
    return join(this.#directory, tenant, name);
  }
}

function refOf(key: string): ServiceRef {
  const [tenant = "", name = ""] = key.split("/");
  return { tenant, name };
}

const defaultGlobalBytes = 1_000_000_000;
/** For logs found on disk whose specification nobody has told yet. */
const defaultServiceBytes = 64_000_000;
const stagingFile = ".intake";
/** The kernel's own messages are short; this bounds a quoted one. */
const maxNoteChars = 16_384;
/** Bytes before a log's end in which the last lines of an instance are looked for: some 10 ms of reading. */
const tailReach = 1_048_576;
