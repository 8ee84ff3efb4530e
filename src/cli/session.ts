import { type SoloApi, SoloError } from "../api/index.ts";
import { createClient, onUnreachable, remoteTransport, type SoloClient, socketTransport } from "../client/index.ts";
import { type LoadedConfig, loadConfig } from "../config/index.ts";
import { build } from "../system/index.ts";
import type { KernelDoor } from "./doors/kernel.ts";
import { Output } from "./output.ts";
import { environmentToken } from "./token.ts";
import { wantsJson } from "./wants-json.ts";

interface SessionFlags {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly tenant?: string | undefined;
  readonly context?: string | undefined;
  readonly config?: string | undefined;
  readonly "data-dir"?: string | undefined;
  readonly timeout?: string | undefined;
  readonly "ingress-port"?: string | undefined;
  readonly "http-port"?: string | undefined;
  readonly "listen-port"?: string | undefined;
  readonly "metrics-port"?: string | undefined;
  readonly "dns-port"?: string | undefined;
  readonly bind?: string | undefined;
  readonly "log-level"?: string | undefined;
}

/** What one run of a command works with. */
export class Session {
  readonly output: Output;
  readonly config: LoadedConfig;
  readonly door: () => Promise<KernelDoor>;

  constructor(output: Output, config: LoadedConfig, door: () => Promise<KernelDoor>) {
    this.output = output;
    this.config = config;
    this.door = door;
  }

  get tenant(): string {
    return this.config.get("defaults.tenant");
  }

  /** How long a command waits for what it started, in milliseconds. */
  get timeoutMs(): number {
    return this.config.get("defaults.timeout");
  }

  /** Whether the kernel that is meant is this machine's own. */
  get isLocal(): boolean {
    return this.config.target() === null;
  }

  /** @throws SoloError `usage` for what only works on this machine, when another kernel is meant. `what` is a verb's object. */
  requireLocal(what: string): void {
    const target = this.config.target();
    if (target === null) return;
    throw new SoloError("usage", `${what} is on this machine, and the context ${target.name} is a kernel elsewhere`, {
      hint: "`--context local` means this machine's own kernel; or run the command on the kernel's machine",
    });
  }

  /** Whether this command may do what the owner of this machine's kernel may: it has no token that says otherwise. */
  get isOwner(): boolean {
    return this.isLocal && environmentToken() === undefined;
  }

  /**
   * The kernel as it is: a call fails with `unreachable` when there is none.
   * @param token whose rights are wanted
   */
  async kernel(token = environmentToken()): Promise<SoloClient> {
    const context = this.config.target();
    const tell = (message: string) => void this.output.note(`warning: ${message}`);
    if (context === null) return createClient(socketTransport(this.config.paths.socket, token), build.id, tell);
    return createClient(await remoteTransport({ ...context, ...(token !== undefined && { token }) }), build.id, tell);
  }

  /** For reads: this machine's files answer its owner when no kernel runs. Nothing is started. */
  async reader(): Promise<SoloClient> {
    const kernel = await this.kernel();
    if (!this.isOwner) return kernel;
    return onUnreachable(
      kernel,
      once(async () => (await this.door()).openReadOnly(this.config)),
    );
  }

  /** For changes: this machine's daemon is started when none runs, but not for a service that there is none of. */
  async writer(existing?: string): Promise<SoloClient> {
    const kernel = await this.kernel();
    if (!this.isOwner) return kernel;
    return onUnreachable(
      kernel,
      once(async () => {
        if (existing !== undefined) await this.lookUp(existing);
        await this.startDaemon();
        return kernel;
      }),
    );
  }

  /** @throws SoloError `not_found` when this machine's files know no such service */
  async lookUp(name: string): Promise<void> {
    const files = await (await this.door()).openReadOnly(this.config);
    await files.status({ tenant: this.tenant, name }).finally(() => files.close());
  }

  async startDaemon(): Promise<void> {
    await (await this.door()).startDaemon({ config: this.config, flags: this.daemonFlags });
  }

  /** What a kernel in another process must be told to read the same configuration; it does not run in this folder. */
  get daemonFlags(): string[] {
    const { user } = this.config.files;
    return user === null ? [] : ["--config", user];
  }
}

export async function openSession(flags: SessionFlags, door: () => Promise<KernelDoor>): Promise<Session> {
  const { json, quiet, ...settings } = flags;
  const output = outputOf({ json, quiet });
  const config = await loadConfig({ cwd: process.cwd(), env: process.env, flags: settings });
  return new Session(output, config, door);
}

export function outputOf({ json, quiet }: { readonly json: boolean; readonly quiet: boolean }): Output {
  return new Output({ json: json || wantsJson([]), quiet });
}

function once<T extends Partial<SoloApi>>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
