import { closeSync, openSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { ServiceRef, ServiceSpec } from "../api/index.ts";
import type { HostPeer, TellHost } from "./control.ts";
import { EarlyHost, type EarlyIdentity } from "./early-host.ts";
import type { SuperviseRuntime } from "./runtime.ts";

export interface EarlyHostsOptions {
  readonly runtime: SuperviseRuntime;
  /** The pids of all instances' processes. */
  readonly roots: Set<number>;
  /** Throws when there is no port left. */
  readonly identify: (ref: ServiceRef) => EarlyIdentity;
  readonly release: (port: number) => void;
  /** How many may wait at once; by default as many as there are cores: more would only compete with what they wait for. */
  readonly limit?: number;
}

/** The hosts that have yet to be told what to run. */
export class EarlyHosts {
  readonly #options: EarlyHostsOptions;
  readonly #waiting = new Map<string, EarlyHost>();

  constructor(options: EarlyHostsOptions) {
    this.#options = options;
  }

  /**
   * Starts one for an instance that is to come, if that is of use: nobody relies on it.
   * @param folder where its bundle will be written
   */
  start(ref: ServiceRef, spec: ServiceSpec, folder: string): EarlyHost | undefined {
    const { runtime, roots, identify, release, limit = availableParallelism() } = this.#options;
    if (this.#waiting.size >= limit || !canStartEarly(spec)) return undefined;
    let port: number | undefined;
    let opened: number | undefined;
    try {
      // The folder gets its final name once the bundle is in it, perhaps before the sandbox is made: an open one is found by any.
      opened = openSync(folder, "r");
      const entry = `/proc/self/fd/${opened}/main.js`;
      const identity = identify(ref);
      port = identity.port;
      const plan = { ref, spec, revision: "", entry, command: [], mentionsPort: false };
      const host: EarlyHost = new EarlyHost(runtime, plan, identity, {
        folder,
        onSettled: (isTaken) => {
          this.#waiting.delete(host.id);
          if (isTaken) return;
          roots.delete(host.process.pid);
          release(host.port);
        },
      });
      this.#waiting.set(host.id, host);
      roots.add(host.process.pid);
      void host.process.exited.then(() => this.#waiting.delete(host.id));
      return host;
    } catch {
      // What is in the way now is told when the instance is started.
      if (port !== undefined) release(port);
      return undefined;
    } finally {
      if (opened !== undefined) closeSync(opened);
    }
  }

  /** The one that a `hello` comes from. */
  connect(id: string, key: string, pid: number, tell: TellHost): HostPeer | undefined {
    const host = this.#waiting.get(id);
    return host?.key === key ? host.connect(pid, tell) : undefined;
  }

  has(id: string): boolean {
    return this.#waiting.has(id);
  }

  close(): void {
    for (const host of this.#waiting.values()) host.dismiss();
  }
}

/**
 * Secrets are those of the moment of a start, a port of its own may be another instance's until then, and what is recorded is
 * a revision's.
 */
function canStartEarly({ kind, secrets = [], fixed_port, sandbox }: ServiceSpec): boolean {
  const isPlain = sandbox.mode !== "audit" && sandbox.namespaces !== true;
  return kind === "source" && secrets.length === 0 && fixed_port === undefined && isPlain;
}
