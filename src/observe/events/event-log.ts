import type { Database } from "bun:sqlite";
import type { EventDocument } from "../../api/index.ts";
import type { Clock } from "../../system/index.ts";
import { boundedData } from "./data.ts";
import { type EventRequest, readEvents } from "./read.ts";
import { type EventBudget, EventTable, type StoredEvent } from "./table.ts";

/** How long an event may wait for others to be written with it. */
const flushMs = 20;
/** Events that wait for the disk, and the bytes of their data; more are dropped and counted. */
const maxPending = 10_000;
const maxPendingBytes = 16_000_000;
/** Services whose recent events are remembered until the next event. */
const maxRecent = 1_000;
const maxRecentEvents = 20;
/** Between attempts while the disk takes nothing. */
const retryMs = 1_000;
const defaultBudget: EventBudget = { rows: 100_000, bytes: 64_000_000 };

export interface NewEvent {
  readonly tenant: string;
  /** What happened, e.g. `instance_ready`. */
  readonly event: string;
  /** `tenant/service`, `tenant/service/instance`, or `kernel`. */
  readonly subject: string;
  /** The id of the event that caused this one. */
  readonly cause?: number | null | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * What happened, in order, for good: ids have no gaps from 1 on. Events that come together are written together, at the
 * latest after 20 ms; readers see only what is on the disk, so none of them sees an event that a crash could take back.
 * When the disk is full events are dropped and counted, and an `events_dropped` event tells so once it has room again:
 * nothing in the kernel depends on them.
 */
export class EventLog {
  readonly #database: Database;
  readonly #table: EventTable;
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  /** What was asked for since the last event: a service's status is looked at more often than anything happens. */
  readonly #recent = new Map<string, readonly EventDocument[]>();
  #pending: StoredEvent[] = [];
  #pendingBytes = 0;
  #nextId: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dropped = 0;
  #unreported = 0;
  #failing = false;
  #closed = false;

  constructor(database: Database, clock: Clock, budget: EventBudget = defaultBudget) {
    this.#database = database;
    this.#table = new EventTable(database, budget);
    this.#clock = clock;
    this.#nextId = this.#table.lastId() + 1;
  }

  /** Events lost since the start because the disk took none and too many waited. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Records an event. Never throws. The id of one that had to be dropped is 0. */
  emit(event: NewEvent): EventDocument {
    const full = this.#closed || (this.#isFull() && (this.#failing || !this.flush()));
    const id = full ? 0 : this.#nextId++;
    const time = new Date(this.#clock.now()).toISOString();
    const { tenant, subject, cause } = event;
    this.#recent.clear();
    const data = boundedData(event.data);
    const stored = { id, time, tenant, event: event.event, subject, cause: cause || null, data: data.text };
    if (full) {
      this.#dropped += 1;
      this.#unreported += 1;
    } else {
      this.#pending.push(stored);
      this.#pendingBytes += data.text.length;
      this.#flushAfter(flushMs);
    }
    return { type: "event", ...stored, data: data.value, cursor: String(id) };
  }

  /** Writes what waits. False when the disk did not take it, or a transaction is open; it is then tried again. */
  flush(): boolean {
    if (this.#closed || this.#pending.length === 0) return true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Events of a transaction that is undone afterwards would leave a gap in the ids.
    this.#failing = this.#database.inTransaction ? this.#failing : !this.#append();
    if (this.#database.inTransaction || this.#failing) {
      this.#flushAfter(this.#failing ? retryMs : flushMs);
      return false;
    }
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#wake();
    this.#reportDropped();
    return true;
  }

  /** An event that is still kept. */
  find(id: number): EventDocument | undefined {
    this.flush();
    return this.#table.byId(id);
  }

  /** The last `count` events of a service, oldest first, those of this moment included. */
  recent(tenant: string, name: string | undefined, count: number): EventDocument[] {
    const key = `${tenant}/${name ?? ""}/${count}`;
    const known = this.#recent.get(key);
    if (known !== undefined) return [...known];
    // What the disk has not taken will be there without a further event.
    const isAll = this.flush();
    const found = this.#table.last({ tenant, name }, count);
    if (isAll && count <= maxRecentEvents && this.#recent.size < maxRecent) this.#recent.set(key, found);
    return [...found];
  }

  /**
   * Events that match, oldest first; with `follow`, then those to come, until the signal is aborted or the log closed. A
   * slow reader holds up nobody and no memory: it reads on from the table where it was, skipping what was pruned meanwhile.
   * @throws SoloError `invalid_request` for a cursor that no event carries
   */
  read(request: EventRequest, signal?: AbortSignal): AsyncIterable<EventDocument> {
    return readEvents(
      {
        after: (filter, cursor, limit) => this.#table.after(filter, cursor, limit),
        last: (filter, limit) => this.#table.last(filter, limit),
        flush: () => this.flush(),
        changed: (abort) => this.#changed(abort),
        isClosed: () => this.#closed,
      },
      request,
      signal,
    );
  }

  /** Writes what waits and ends every reader. Events emitted later are dropped. */
  close(): void {
    this.flush();
    clearTimeout(this.#timer);
    this.#closed = true;
    this.#wake();
  }

  #append(): boolean {
    try {
      this.#table.append(this.#pending);
      return true;
    } catch {
      return false;
    }
  }

  #isFull(): boolean {
    return this.#pending.length >= maxPending || this.#pendingBytes >= maxPendingBytes;
  }

  #flushAfter(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.flush();
    }, ms);
  }

  /** Resolves when events were written, the log was closed, or the signal aborted. */
  #changed(signal: AbortSignal | undefined): Promise<void> {
    if (this.#closed || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal?.addEventListener("abort", done);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #reportDropped(): void {
    if (this.#unreported === 0) return;
    const count = this.#unreported;
    this.#unreported = 0;
    this.emit({ tenant: "default", event: "events_dropped", subject: "kernel", data: { count } });
  }
}
