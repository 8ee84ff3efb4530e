import { SoloError } from "../../api/index.ts";
import { type FileSystem, nodeFileSystem } from "../../store/file/index.ts";
import type { Clock } from "../../system/index.ts";
import { CommitQueue } from "./commit-queue.ts";
import { type AuditRequest, readTrail } from "./read.ts";
import { type AuditEnd, type AuditLine, type AuditSubject, type ChainPoint, genesis, serialize } from "./record.ts";
import { type RefusalKind, RefusalWindow, refusalWindowMs } from "./refusals.ts";
import { listSegments } from "./segments.ts";
import { TrailStorage } from "./storage.ts";
import { type AuditCheck, headLine, verifySegments } from "./verify.ts";

export interface TrailOptions {
  /** Of the records; made when it is missing. */
  readonly folder: string;
  /** Where the head of the chain is kept, outside of `folder`. */
  readonly headPath: string;
  /** What the records may take on disk, in bytes; at least 1 MB. The oldest are dropped first. */
  readonly bytes: number;
  readonly clock: Clock;
  /** What is known from elsewhere to have been acknowledged. */
  readonly witness?: ChainPoint | undefined;
  /** Told once each time that the trail stops or goes on being written, and when it was found damaged. */
  readonly onState?: (state: "damaged" | "failing" | "well", message: string) => void;
  /** How long a close waits for operations that have begun to tell their end, in milliseconds; default 500. */
  readonly lastWordsMs?: number | undefined;
  /** Default: the machine's own. */
  readonly files?: FileSystem;
  /** For tests. */
  readonly segmentBytes?: number | undefined;
}

/** An operation whose begin is on record. */
export interface AuditReceipt {
  readonly sequence: number;
  /** Records what came of it. Resolves when that is durable, or can't be: the operation is over either way. */
  end(end: AuditEnd): Promise<void>;
}

/**
 * Who did what, as a chain of records in which none can be changed, removed, moved or cut off without being missed. See
 * docs/audit.md. A record is durable when its promise resolves; records that wait at the same time share one sync.
 */
export class AuditTrail {
  readonly #options: TrailOptions;
  readonly #files: FileSystem;
  readonly #queue: CommitQueue;
  readonly #refusals = new RefusalWindow();
  readonly #waiting = new Set<() => void>();
  #storage: Promise<TrailStorage> | undefined;
  #opened: TrailStorage | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failure: SoloError | null = null;
  #unrecorded = 0;
  /** Operations that have begun and not ended. */
  #open = 0;
  #closed = false;

  constructor(options: TrailOptions) {
    this.#options = options;
    this.#files = options.files ?? nodeFileSystem;
    this.#queue = new CommitQueue(() => this.open(), {
      onCommit: () => this.#wake(),
      onFailure: (error) => this.#fail(error),
    });
  }

  /** Opens the files, which the first record does as well. Rejects when they can't be; the next call tries again. */
  open(): Promise<TrailStorage> {
    this.#storage ??= this.#openFiles().catch((error: unknown) => {
      this.#storage = undefined;
      throw error;
    });
    return this.#storage;
  }

  /**
   * Records that an operation is about to run.
   * @param essential whether it may use the reserve when the disk is full: what ends or removes something
   * @throws SoloError `audit_unavailable`: then it must not run
   */
  async begin(subject: AuditSubject, essential = false): Promise<AuditReceipt> {
    const began = this.#options.clock.monotonic();
    const point = await this.#append({ kind: "begin", ...subject }, essential);
    this.#open += 1;
    return {
      sequence: point.sequence,
      end: async ({ outcome, code, reason }) => {
        this.#open -= 1;
        const took_ms = Math.round(this.#options.clock.monotonic() - began);
        const end = { kind: "end", ...subject, begin: point.sequence, outcome, code, reason, took_ms } as const;
        await this.#append(end, true).catch(() => this.#lose());
      },
    };
  }

  /** Counts a refusal whose kind was recorded often enough within this second, for which its subject need not be known. */
  countRefusal(kind: RefusalKind, code: AuditEnd["code"]): boolean {
    return this.#refusals.counts(kind, code);
  }

  /**
   * Records that an operation was refused; many of the same kind within a second become one record with their count.
   * Resolves when it is durable, is only counted, or can't be recorded: it was refused all the same.
   */
  async refuse(subject: AuditSubject, { code, reason }: Pick<AuditEnd, "code" | "reason">): Promise<void> {
    const end = { outcome: "refused", code, reason } as const;
    this.#timer ??= setTimeout(() => this.#endWindow(), refusalWindowMs).unref();
    if (!this.#refusals.admits({ subject, end })) return;
    await this.#append({ kind: "refusal", ...subject, ...end, count: 1 }, false).catch(() => this.#lose());
  }

  /** Of the last acknowledged record; `undefined` before the files are open. */
  get head(): ChainPoint | undefined {
    return this.#opened?.point;
  }

  /** Why nothing can be recorded at present, except with the reserve; null when all can. */
  get problem(): string | null {
    if (this.#failure !== null) return this.#failure.message;
    if (this.#opened?.damage) return `the trail is damaged: ${this.#opened.damage}`;
    return null;
  }

  /** Ends and refusals that could not be recorded, since the start. */
  get unrecorded(): number {
    return this.#unrecorded;
  }

  /** Records that match, oldest first; with `follow`, then those to come until the signal aborts or the trail is closed. */
  async *read(request: AuditRequest, signal?: AbortSignal): AsyncGenerator<AuditLine> {
    await this.open();
    const { folder } = this.#options;
    const source = { files: this.#files, folder, until: () => this.#opened?.until, point: () => this.head };
    let after = request.after;
    const cursor = { segment: 0, end: 0 };
    for (let isFirst = true; !signal?.aborted; isFirst = false) {
      const changed = this.#changed(signal);
      for await (const line of readTrail(
        source,
        { ...request, after, tail: isFirst ? request.tail : undefined },
        cursor,
      )) {
        if (signal?.aborted) return;
        yield line;
      }
      // Whatever did not match need not be looked at again.
      after = Math.max(after ?? 0, changed.seen);
      if (!request.follow || this.#closed) return;
      await changed.promise;
    }
  }

  /** Every acknowledged record as it is in the files, and the head of the chain as the last line. */
  async *export(): AsyncGenerator<string> {
    await this.open();
    const head = this.head ?? genesis;
    for await (const { sequence, text } of this.read({})) if (sequence <= head.sequence) yield text;
    yield headLine(head);
  }

  /** Checks every record against the chain, the head, and hashes that somebody kept. */
  async verify(marks: readonly ChainPoint[] = []): Promise<AuditCheck & { readonly head: ChainPoint }> {
    await this.open();
    const head = this.head ?? genesis;
    const until = this.#opened?.until;
    const segments = listSegments(this.#files, this.#options.folder);
    const check = await verifySegments(this.#files, { segments, marks: [head, ...marks], until });
    return { ...check, head };
  }

  /** Lets operations that are about to end tell so, records what waits, and gives the files up. */
  async close(): Promise<void> {
    const deadline = performance.now() + (this.#options.lastWordsMs ?? lastWordsMs);
    while (this.#open > 0 && performance.now() < deadline) await Bun.sleep(pollMs);
    this.#endWindow();
    await this.#queue.settled();
    this.#closed = true;
    this.#wake();
    const storage = await this.#storage?.catch(() => undefined);
    storage?.close();
  }

  async #openFiles(): Promise<TrailStorage> {
    const { folder, headPath, bytes, clock, witness, segmentBytes, onState } = this.#options;
    const now = () => new Date(clock.now()).toISOString();
    const files = this.#files;
    const storage = await TrailStorage.open({ files, folder, headPath, bytes, now, witness, segmentBytes });
    this.#opened = storage;
    if (storage.damage !== null) onState?.("damaged", storage.damage);
    await storage.restoreReserve().catch((error: unknown) => this.#fail(SoloError.from(error)));
    return storage;
  }

  async #append(fields: Parameters<typeof serialize>[0], essential: boolean): Promise<ChainPoint> {
    if (this.#closed) throw new SoloError("audit_unavailable", "the audit trail is closed: the kernel stops");
    const time = new Date(this.#options.clock.now()).toISOString();
    const point = await this.#queue.append(serialize({ time, ...fields }), essential);
    if (this.#failure !== null && this.#opened?.isFull === false) {
      this.#failure = null;
      this.#options.onState?.("well", "the audit trail is written again");
    }
    return point;
  }

  #fail(error: SoloError): void {
    if (this.#failure === null) this.#options.onState?.("failing", error.message);
    this.#failure = error;
  }

  #lose(): void {
    this.#unrecorded += 1;
  }

  #endWindow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { subject, end, count } of this.#refusals.take()) {
      this.#append({ kind: "refusal", ...subject, ...end, count }, false).catch(() => this.#lose());
    }
  }

  /** What was acknowledged by now, and a promise of more. */
  #changed(signal: AbortSignal | undefined): { readonly seen: number; readonly promise: Promise<void> } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => {
      this.#waiting.delete(done);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    this.#waiting.add(done);
    signal?.addEventListener("abort", done);
    return { seen: this.head?.sequence ?? 0, promise };
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

/** Operations that a stop called off end within this. */
const lastWordsMs = 500;
const pollMs = 2;
