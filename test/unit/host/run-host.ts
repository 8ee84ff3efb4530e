import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Socket, UnixSocketListener } from "bun";
import {
  type HostCall,
  type HostMessage,
  type HostPace,
  hostMessageSchema,
  hostVariables,
} from "../../../src/api/index.ts";
import { stateSocketName } from "../../../src/api/state-channel.ts";
import { ServiceStates, StateServer } from "../../../src/state/index.ts";
import { systemClock } from "../../../src/system/index.ts";

/** Longest wait of a test for one condition. */
const deadlineMs = 10_000;

/** The built binary when `SOLO_BINARY` names one, so that the same tests hold for it. */
const hostCommand =
  process.env.SOLO_BINARY === undefined
    ? [process.execPath, join(import.meta.dir, "fixtures", "main.ts")]
    : [process.env.SOLO_BINARY, "__host"];

export interface HostOptions {
  readonly kind?: "source" | "wasm";
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Descriptor for standard output, instead of the file behind `stdout`. */
  readonly output?: number;
  /** False: no kernel listens when the host starts. */
  readonly kernel?: boolean;
}

/** A host process under test, with the kernel's end of its control socket played by the test. */
export class HostUnderTest implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "solo-host-"));
  readonly messages: HostMessage[] = [];
  readonly port = freePort();
  readonly #socketPath = join(this.folder, "control.sock");
  readonly #child: Bun.Subprocess;
  readonly #states = new ServiceStates({ folder: join(this.folder, "state"), clock: systemClock });
  #listener: UnixSocketListener<undefined> | undefined;
  #connection: Socket<undefined> | undefined;
  #stateServer: StateServer | undefined;

  constructor(entry: string, options: HostOptions = {}) {
    if (options.kernel !== false) this.startKernel();
    this.#child = Bun.spawn({
      cmd: [...hostCommand, options.kind ?? "source", entry, ...(options.args ?? [])],
      cwd: options.cwd ?? this.folder,
      env: { ...options.env, ...this.#identity() },
      stdin: "ignore",
      stdout: options.output ?? Bun.file(join(this.folder, "stdout")),
      stderr: Bun.file(join(this.folder, "stderr")),
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  get stdout(): string {
    return readFileSync(join(this.folder, "stdout"), "utf8");
  }

  get stderr(): string {
    return readFileSync(join(this.folder, "stderr"), "utf8");
  }

  startKernel(): void {
    const received = (text: string) => {
      for (const line of text.split("\n").filter(Boolean))
        this.messages.push(hostMessageSchema.parse(JSON.parse(line)));
    };
    this.#listener = Bun.listen<undefined>({
      unix: this.#socketPath,
      socket: {
        open: (socket) => void (this.#connection = socket),
        data: (_socket, bytes) => received(bytes.toString()),
      },
    });
    this.#stateServer = new StateServer({
      path: join(this.folder, stateSocketName),
      states: this.#states,
      authenticate: ({ key }) => (key === "secret" ? { tenant: "default", name: "api" } : undefined),
    });
  }

  /** Tells the host something over its connection. */
  tell(message: HostCall | HostPace): void {
    this.#connection?.write(`${JSON.stringify(message)}\n`);
  }

  async stopKernel(): Promise<void> {
    await this.#stateServer?.close(0);
    this.#listener?.stop(true);
    rmSync(this.#socketPath, { force: true });
  }

  /** The first message of a type, waiting for it. */
  async message<Type extends HostMessage["type"]>(
    type: Type,
    count = 1,
  ): Promise<Extract<HostMessage, { type: Type }>> {
    const matching = () =>
      this.messages.filter((message): message is Extract<HostMessage, { type: Type }> => message.type === type);
    await until(
      () => matching().length >= count,
      () => `${type} message; stderr: ${this.stderr}`,
    );
    const found = matching()[count - 1];
    if (!found) throw new Error("unreachable");
    return found;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** The exit code; null when a signal ended the process. */
  async exited(): Promise<number | null> {
    await until(
      () => this.#child.exitCode !== null || this.#child.signalCode !== null,
      () => "the host's end",
    );
    return this.#child.exitCode;
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, init);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    await this.stopKernel();
    await this.#states.closeAll();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #identity(): Record<string, string> {
    return {
      [hostVariables.service]: "api",
      [hostVariables.tenant]: "default",
      [hostVariables.instance]: "api-1",
      [hostVariables.revision]: "r1",
      [hostVariables.port]: String(this.port),
      [hostVariables.control]: this.#socketPath,
      [hostVariables.key]: "secret",
    };
  }
}

const programs = mkdtempSync(join(tmpdir(), "solo-programs-"));
process.on("exit", () => rmSync(programs, { recursive: true, force: true }));

/** Writes files below a fresh folder, which lasts as long as the test process; returns the path of the first. */
export function writeProgram(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(programs, "program-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return join(folder, Object.keys(files)[0] ?? "");
}

/** Waits for a condition, and says what was waited for when it does not come. */
export async function until(condition: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms for ${what()}`);
    await Bun.sleep(5);
  }
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  listener.stop(true);
  return listener.port;
}
