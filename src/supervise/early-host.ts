import { rmSync } from "node:fs";
import type { HostOrder } from "../api/index.ts";
import type { HostPeer, TellHost } from "./control.ts";
import { captureOutput, fifoPaths, launchProcess, type OutputCaptures, type ProcessHandle } from "./launch.ts";
import type { LaunchPlan, SuperviseRuntime } from "./runtime.ts";
import { closeOutput } from "./watched-output.ts";

export interface EarlyIdentity {
  readonly id: string;
  readonly key: string;
  readonly port: number;
}

/** The instance that it has become. */
interface Taker {
  readonly order: HostOrder;
  readonly connect: (tell: TellHost) => HostPeer | undefined;
}

/**
 * The process of an instance that is started while its source is still being bundled, for both take some ten milliseconds. It
 * has everything of its own but what it is to run: environment, folder, sandbox, port, output. It waits for the order to run
 * that, and ends by itself when the kernel is gone before.
 */
export class EarlyHost {
  readonly id: string;
  readonly key: string;
  readonly port: number;
  /** Where the bundle will be written: the one place of its own that its sandbox lets it read. */
  readonly folder: string;
  readonly process: ProcessHandle;
  readonly #runtime: SuperviseRuntime;
  readonly #captures: OutputCaptures;
  readonly #onSettled: (isTaken: boolean) => void;
  /** Told when its output says that something was refused to it. */
  #onDenied: (() => void) | undefined;
  #hasEnded = false;
  #isDismissed = false;
  #taker: Taker | undefined;
  #tell: TellHost | undefined;
  #peer: HostPeer | undefined;

  /**
   * @param plan whose entry is the bundle in the folder where it will be written
   * @param options.onSettled called when it has been told what to run as an instance's, or is dismissed
   * @throws SoloError as `launchProcess`
   */
  constructor(
    runtime: SuperviseRuntime,
    plan: LaunchPlan,
    { id, key, port }: EarlyIdentity,
    { folder, onSettled }: { readonly folder: string; readonly onSettled: (isTaken: boolean) => void },
  ) {
    this.#runtime = runtime;
    this.#onSettled = onSettled;
    this.id = id;
    this.key = key;
    this.port = port;
    this.folder = folder;
    this.#captures = captureOutput(runtime, plan, id, () => this.#onDenied?.());
    try {
      this.process = launchProcess(runtime, plan, { id, key, port }, { waits: true });
    } catch (error) {
      this.#forget();
      throw error;
    }
    void this.process.exited.then(() => (this.#hasEnded = true));
  }

  /** Itself, if it is there for an instance to take; one that has ended meanwhile leaves nothing in that one's way. */
  ifWaiting(): this | undefined {
    if (this.#hasEnded) this.dismiss();
    return this.#isDismissed || this.#taker !== undefined ? undefined : this;
  }

  /** Its host has connected. */
  connect(pid: number, tell: TellHost): HostPeer | undefined {
    if (pid !== this.process.pid || this.#isDismissed) return undefined;
    this.#tell = tell;
    // Nothing goes out on a connection before this has told whose it is.
    queueMicrotask(() => this.#order());
    const lost = () => {
      this.#tell = undefined;
      this.#peer?.lost();
    };
    return { receive: (message) => this.#peer?.receive(message), lost };
  }

  /**
   * The process is an instance's from now on.
   * @param connect called when its host is connected
   */
  handOver({ entry, revision }: LaunchPlan, connect: Taker["connect"]): void {
    this.#taker = { order: { type: "run", entry, revision }, connect };
    this.#order();
  }

  /** What it writes, which is kept from its start on. */
  outputTo(onDenied: (() => void) | undefined): OutputCaptures {
    this.#onDenied = onDenied;
    return this.#captures;
  }

  /** Nobody has taken it: ends it, and leaves nothing behind. */
  dismiss(): void {
    if (this.#isDismissed || this.#taker !== undefined) return;
    this.#isDismissed = true;
    if (!this.#hasEnded) killProcess(this.process.pid);
    this.#forget();
    this.#onSettled(false);
  }

  #order(): void {
    if (this.#tell === undefined || this.#taker === undefined || this.#peer !== undefined) return;
    if (!this.#tell(this.#taker.order)) return;
    this.#peer = this.#taker.connect(this.#tell);
    this.#onSettled(true);
  }

  #forget(): void {
    closeOutput(this.#captures);
    const { guardian, sandbox, secrets, tokens } = this.#runtime;
    for (const fifo of fifoPaths(this.#runtime, this.id)) {
      guardian.drop(fifo);
      rmSync(fifo, { force: true });
    }
    sandbox.release(this.id);
    secrets.withdraw(this.id);
    tokens.withdraw(this.id);
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}
