import { join } from "node:path";
import { SoloError } from "../api/error.ts";
import { type ServiceRef, serviceKey } from "../api/index.ts";
import type { FileSystem } from "../store/index.ts";
import type { Clock } from "../system/index.ts";
import { openState } from "./core/open.ts";
import type { ServiceState, StateSettings } from "./core/types.ts";

export interface ServiceStatesOptions {
  /** A folder for each tenant, in it one for each service. */
  readonly folder: string;
  readonly clock: Clock;
  readonly files?: FileSystem;
  /** What a service's revision says of its state, when it is opened. */
  readonly settingsOf?: (ref: ServiceRef) => Partial<StateSettings>;
}

/** Every service's state of a kernel: opened at the first use, one for each service, shared by all that use it. */
export class ServiceStates {
  readonly #options: ServiceStatesOptions;
  readonly #open = new Map<string, Promise<ServiceState>>();
  /** The resolved ones of the same. */
  readonly #ready = new Map<string, ServiceState>();
  /** Why those could not be opened that were last asked for in vain. */
  readonly #unopened = new Map<string, SoloError>();
  #closed = false;

  constructor(options: ServiceStatesOptions) {
    this.#options = options;
  }

  folderOf({ tenant, name }: ServiceRef): string {
    return join(this.#options.folder, tenant, name);
  }

  /**
   * The state of a service. One that failed, because the disk did, is opened anew.
   * @throws SoloError `not_running` after `close`, else as opening does
   */
  async open(ref: ServiceRef): Promise<ServiceState> {
    const key = serviceKey(ref);
    for (;;) {
      if (this.#closed) throw new SoloError("not_running", "the kernel is stopping, and its states are closed");
      const known = this.#open.get(key);
      if (known === undefined) return this.#begin(ref, key);
      const state = await known;
      if (state.failure === undefined) return state;
      await this.#drop(key, known);
    }
  }

  /** The state of a service if it is open and sound now. */
  peek(ref: ServiceRef): ServiceState | undefined {
    const state = this.#ready.get(serviceKey(ref));
    return state?.failure === undefined ? state : undefined;
  }

  /** Those that are open and sound. */
  *openNow(): Generator<{ readonly ref: ServiceRef; readonly state: ServiceState }> {
    for (const [key, state] of this.#ready) {
      if (state.failure === undefined) yield { ref: refOf(key), state };
    }
  }

  /** What is wrong with which service's state. */
  *troubles(): Generator<{ readonly ref: ServiceRef; readonly problem: string }> {
    for (const [key, { message }] of this.#unopened) yield { ref: refOf(key), problem: `can't be opened: ${message}` };
    for (const [key, state] of this.#ready) {
      const { failure } = state;
      if (failure !== undefined) yield { ref: refOf(key), problem: `takes no writes: ${failure.message}` };
      const late = failure === undefined ? state.stats().flush_problem : null;
      if (late !== null) yield { ref: refOf(key), problem: `is not brought to disk: ${late}` };
    }
  }

  /** Closes one service's state; the next `open` opens it again. */
  async close(ref: ServiceRef): Promise<void> {
    const key = serviceKey(ref);
    const known = this.#open.get(key);
    if (known !== undefined) await this.#drop(key, known);
  }

  /** Runs work on the files of a state, which nobody has open meanwhile: whoever opens it waits for the end. */
  async alone<Result>(ref: ServiceRef, work: () => Promise<Result>): Promise<Result> {
    const key = serviceKey(ref);
    for (let known = this.#open.get(key); known !== undefined; known = this.#open.get(key))
      await this.#drop(key, known);
    if (this.#closed) throw new SoloError("not_running", "the kernel is stopping, and its states are closed");
    const working = work();
    this.#begin(
      ref,
      key,
      working.then(
        () => undefined,
        () => undefined,
      ),
    ).catch(() => undefined);
    return working;
  }

  /** Closes all; nothing is opened any more. */
  async closeAll(): Promise<void> {
    this.#closed = true;
    const results = await Promise.allSettled([...this.#open].map(([key, known]) => this.#drop(key, known)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  #begin(ref: ServiceRef, key: string, after = Promise.resolve()): Promise<ServiceState> {
    const { clock, files, settingsOf } = this.#options;
    const opening = after.then(() =>
      openState(this.folderOf(ref), { clock, ...(files !== undefined && { files }), ...settingsOf?.(ref) }),
    );
    this.#open.set(key, opening);
    opening.then(
      (state) => {
        this.#unopened.delete(key);
        if (this.#open.get(key) === opening) this.#ready.set(key, state);
      },
      (error: unknown) => {
        this.#unopened.set(key, SoloError.from(error));
        if (this.#open.get(key) === opening) this.#open.delete(key);
      },
    );
    return opening;
  }

  async #drop(key: string, known: Promise<ServiceState>): Promise<void> {
    const state = await known.catch(() => undefined);
    const failure = state?.failure;
    // Two callers may meet a failed state: both wait for the one closing, and only one of them forgets it.
    const closed = state?.close();
    try {
      await closed;
    } catch (error) {
      if (failure === undefined) throw error;
    } finally {
      if (this.#open.get(key) === known) {
        this.#open.delete(key);
        this.#ready.delete(key);
      }
    }
  }
}

function refOf(key: string): ServiceRef {
  const [tenant = "", name = ""] = key.split("/");
  return { tenant, name };
}
