import type { SoloApi } from "../api/index.ts";
import { createClient, onUnreachable, remoteTransport, type SoloClient, socketTransport } from "../client/index.ts";
import { type LoadedConfig, loadConfig } from "../config/index.ts";
import { build } from "../system/index.ts";
import type { KernelDoor } from "./kernel-door.ts";
import { Output } from "./output.ts";
import { wantsJson } from "./wants-json.ts";

interface SessionFlags {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly tenant?: string | undefined;
  readonly context?: string | undefined;
  readonly config?: string | undefined;
  readonly "data-dir"?: string | undefined;
  readonly timeout?: string | undefined;
}

/** What one run of a command works with. */
export class Session {
  readonly output: Output;
  readonly config: LoadedConfig;
  readonly door: () => Promise<KernelDoor>;
  readonly #flags: SessionFlags;

  constructor(output: Output, config: LoadedConfig, door: () => Promise<KernelDoor>, flags: SessionFlags) {
    this.output = output;
    this.config = config;
    this.door = door;
    this.#flags = flags;
  }

  get tenant(): string {
    return this.config.get("defaults.tenant");
  }

  /** How long a command waits for what it started, in milliseconds. */
  get timeoutMs(): number {
    return this.config.get("defaults.timeout");
  }

  /** The kernel as it is: a call fails with `unreachable` when there is none. */
  async kernel(): Promise<SoloClient> {
    const context = this.config.target();
    if (context === null) return createClient(socketTransport(this.config.paths.socket), build.id);
    return createClient(await remoteTransport(context), build.id);
  }

  /** For reads: this machine's files answer when no kernel runs. Nothing is started. */
  async reader(): Promise<SoloClient> {
    const kernel = await this.kernel();
    if (this.config.target() !== null) return kernel;
    return onUnreachable(
      kernel,
      once(async () => (await this.door()).openReadOnly(this.config)),
    );
  }

  /** For changes: this machine's daemon is started when none runs. */
  async writer(): Promise<SoloClient> {
    const kernel = await this.kernel();
    if (this.config.target() !== null) return kernel;
    return onUnreachable(
      kernel,
      once(async () => {
        await this.startDaemon();
        return kernel;
      }),
    );
  }

  async startDaemon(): Promise<void> {
    await (await this.door()).startDaemon({ config: this.config, flags: this.daemonFlags });
  }

  /** The flags of this command line that a kernel started by it must be given too. */
  get daemonFlags(): string[] {
    const { config, "data-dir": dataDir } = this.#flags;
    return [
      ...(config === undefined ? [] : ["--config", config]),
      ...(dataDir === undefined ? [] : ["--data-dir", dataDir]),
    ];
  }
}

export async function openSession(flags: SessionFlags, door: () => Promise<KernelDoor>): Promise<Session> {
  const { tenant, context, config, timeout, "data-dir": dataDir } = flags;
  const loaded = await loadConfig({
    cwd: process.cwd(),
    env: process.env,
    flags: { tenant, context, config, timeout, "data-dir": dataDir },
  });
  return new Session(new Output({ json: flags.json || wantsJson([]), quiet: flags.quiet }), loaded, door, flags);
}

function once<T extends Partial<SoloApi>>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
