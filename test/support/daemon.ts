import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type DeployProgress,
  type DeployRequest,
  type DeployResult,
  type EventDocument,
  type ServiceSpecInput,
  type ServiceState,
  type ServiceStatus,
  SoloError,
} from "../../src/api/index.ts";
import { createClient, type SoloClient, socketTransport } from "../../src/client/index.ts";
import { readStat } from "../../src/system/index.ts";
import { soloBinary } from "./binary.ts";
import { type SoloEnv, soloEnv } from "./solo-env.ts";
import { type WaitOptions, waitFor } from "./wait-for.ts";

/** A background kernel with its guardian, in a machine of its own, spoken to as programs do: over its socket. */
export class Daemon implements AsyncDisposable {
  readonly env: SoloEnv = soloEnv();
  readonly client: SoloClient;
  readonly #variables: Readonly<Record<string, string>>;

  constructor(variables: Readonly<Record<string, string>> = {}) {
    this.#variables = variables;
    this.client = createClient(socketTransport(join(this.env.dataDir, "solo.sock")), "a test");
  }

  /** @param variables of its environment, beside those of {@link SoloEnv} */
  static async start(variables: Readonly<Record<string, string>> = {}): Promise<Daemon> {
    const daemon = new Daemon(variables);
    await daemon.start();
    return daemon;
  }

  /** Starts guardian and kernel, and waits until the kernel answers. */
  async start(): Promise<void> {
    const { dataDir, ingressPort, env, root } = this.env;
    const flags = ["--data-dir", dataDir, "--ingress-port", String(ingressPort)];
    const child = Bun.spawn([soloBinary(), "__guardian", ...flags], {
      cwd: root,
      env: { ...env, ...this.#variables },
      stdio: ["ignore", "ignore", "ignore"],
      detached: true,
    });
    child.unref();
    await this.kernel();
  }

  /** The pid of the kernel, once one answers that has not the given pid. */
  kernel(otherThan?: number): Promise<number> {
    return waitFor(
      async () => {
        const { pid } = await this.client.health({});
        return pid === otherThan ? undefined : pid;
      },
      { what: "a kernel that answers", deadlineMs: 20_000 },
    );
  }

  async guardian(): Promise<number> {
    return readStat(await this.kernel())?.ppid ?? 0;
  }

  /** `kill -9` of the kernel; resolves to the pid of the next one when it answers. */
  async crashKernel(): Promise<number> {
    const pid = await this.kernel();
    process.kill(pid, "SIGKILL");
    return this.kernel(pid);
  }

  /** `kill -9` of guardian and kernel, so that nobody is left. */
  async crashBoth(): Promise<void> {
    const kernel = await this.kernel();
    for (const pid of [await this.guardian(), kernel]) process.kill(pid, "SIGKILL");
    await gone(kernel);
  }

  /** {@link crashBoth}, and a new guardian with a new kernel. */
  async replaceBoth(): Promise<void> {
    await this.crashBoth();
    await this.start();
  }

  /** Deploys, and answers with the results; a failure is thrown as the kernel told it. */
  async deploy(
    services: Readonly<Record<string, ServiceSpecInput>>,
    options: Omit<Partial<DeployRequest>, "services"> = {},
  ): Promise<DeployResult[]> {
    const named = Object.entries(services).map(([name, spec]) => ({ name, spec: this.marked(spec) }));
    const result = await last(this.client.deploy({ ...options, services: named }));
    return result.services;
  }

  /**
   * A specification whose processes can be told from those of other tests, and which may write where tests and services leave
   * each other notes: {@link SoloEnv.notes}.
   */
  marked(spec: ServiceSpecInput): ServiceSpecInput {
    return {
      ...spec,
      env: { PATH: process.env.PATH ?? "", ...spec.env, [marker]: this.env.root },
      sandbox: { ...spec.sandbox, write: [this.env.notes, ...(spec.sandbox?.write ?? [])] },
    };
  }

  /** A program of the shell, as a service. */
  shell(script: string, spec: Partial<ServiceSpecInput> = {}): ServiceSpecInput {
    return { kind: "command", command: ["/bin/sh", "-c", script], cwd: this.env.notes, ...spec };
  }

  /** A TypeScript module, as a service. */
  module(file: string, code: string, spec: Partial<ServiceSpecInput> = {}): ServiceSpecInput {
    return { kind: "source", path: this.env.write(file, code), ...spec };
  }

  status(name: string): Promise<ServiceStatus> {
    return this.client.status({ name });
  }

  async events(name?: string): Promise<EventDocument[]> {
    const events: EventDocument[] = [];
    for await (const event of this.client.events(name === undefined ? {} : { name })) events.push(event);
    return events;
  }

  async logs(name: string): Promise<string[]> {
    const lines: string[] = [];
    for await (const { message } of this.client.logs({ name })) lines.push(message);
    return lines;
  }

  /** Waits until a service's status is as wanted, and answers with it. */
  until(
    name: string,
    wanted: ServiceState | ((status: ServiceStatus) => boolean),
    deadlineMs = 20_000,
  ): Promise<ServiceStatus> {
    const isWanted = typeof wanted === "string" ? ({ state }: ServiceStatus) => state === wanted : wanted;
    const options: WaitOptions = { what: `${name} to be ${wanted}`, deadlineMs };
    let seen: ServiceStatus | undefined;
    return waitFor(async () => {
      seen = await this.status(name);
      if (isWanted(seen)) return seen;
      throw new Error(JSON.stringify({ state: seen.state, instances: seen.instances, last_exit: seen.last_exit }));
    }, options);
  }

  /** Pids of all processes of a service (of every service without a name), found by their environment alone. */
  processes(name?: string): number[] {
    return readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number)
      .filter((pid) => {
        const environment = read(`/proc/${pid}/environ`);
        if (!environment.includes(`${marker}=${this.env.root}\0`)) return false;
        return name === undefined || environment.includes(`SOLO_SERVICE=${name}\0`);
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.env[Symbol.asyncDispose]();
  }
}

/** Waits until a process is gone. */
export function gone(pid: number): Promise<true> {
  return waitFor(() => readStat(pid) === undefined || readStat(pid)?.state === "Z", { what: `the end of ${pid}` });
}

/** The error of an attempt that must fail. */
export async function failure(attempt: Promise<unknown>): Promise<SoloError> {
  try {
    const value = await attempt;
    throw new Error(`it did not fail, but gave ${Bun.inspect(value)}`);
  } catch (error) {
    if (error instanceof SoloError) return error;
    throw error;
  }
}

/** The result at the end of a stream of progress. */
export async function last(
  stream: AsyncIterable<DeployProgress>,
): Promise<Extract<DeployProgress, { type: "result" }>> {
  for await (const progress of stream) if (progress.type === "result") return progress;
  throw new Error("the stream ended without a result");
}

const marker = "SOLO_TEST_ROOT";

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
