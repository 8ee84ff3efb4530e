import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { soloBinary } from "./binary.ts";
import { Following } from "./follow.ts";
import { processesOf } from "./leftovers.ts";
import { freePort } from "./ports.ts";
import { type RunOptions, type RunResult, runProgram } from "./run.ts";
import { waitFor } from "./wait-for.ts";

/**
 * A machine of its own for a test: fresh home, data directory and ports. Take it with `await using env = soloEnv()`, and at
 * the end of the test its daemon is stopped and the test fails if any process is left.
 *
 * @example
 * await using env = soloEnv();
 * const service = env.write("hello.ts", `export default { fetch: () => new Response("hi") }`);
 * env.run(["deploy", service, "hello"]) …
 */
export function soloEnv(): SoloEnv {
  const env = new SoloEnv();
  live.add(env);
  return env;
}

const live = new Set<SoloEnv>();

// A test that ran out of time leaves without its teardown.
process.on("exit", () => {
  for (const env of live) env.abandon();
});

/** How long processes may take to be gone after `solo stop`, in milliseconds. */
const goneDeadlineMs = 5_000;

export class SoloEnv implements AsyncDisposable {
  /** Folder of everything below; also the working directory of commands. Short, for the sake of unix sockets. */
  readonly root = mkdtempSync(join(tmpdir(), "solo-e2e-"));
  readonly home = join(this.root, "home");
  readonly dataDir = join(this.root, "data");
  /** Where services and tests leave each other notes: a service may write there when it says so. */
  readonly notes = join(this.root, "notes");
  readonly ingressPort = freePort();
  readonly #following: Following[] = [];

  constructor() {
    for (const folder of [this.home, this.notes, join(this.root, "runtime")]) mkdirSync(folder, { mode: 0o700 });
  }

  /** The whole environment of commands: nothing of the tester's own gets in. */
  get env(): Record<string, string | undefined> {
    return {
      PATH: process.env.PATH,
      HOME: this.home,
      LANG: "C.UTF-8",
      TERM: "dumb",
      XDG_RUNTIME_DIR: join(this.root, "runtime"),
      SOLO_DATA_DIR: this.dataDir,
      SOLO_INGRESS_PORT: String(this.ingressPort),
      SOLO_HTTP_PORT: "off",
      SOLO_LISTEN_PORT: "off",
      SOLO_METRICS_PORT: "off",
    };
  }

  /** Runs a `solo` command to its end. A failure is a result, not an exception: see {@link RunResult.expect}. */
  run(
    args: readonly string[],
    { cwd = this.root, env = {}, input = "", timeoutMs = 60_000 }: RunOptions = {},
  ): Promise<RunResult> {
    return runProgram([soloBinary(), ...args], { cwd, env: { ...this.env, ...env }, input, timeoutMs });
  }

  /** Starts a `solo` command that keeps running; it is ended with the test. */
  follow(args: readonly string[], { cwd = this.root, env = {} }: Pick<RunOptions, "cwd" | "env"> = {}): Following {
    const following = new Following([soloBinary(), ...args], { cwd, env: { ...this.env, ...env } });
    this.#following.push(following);
    return following;
  }

  /** Writes a file under the root, and returns its absolute path. */
  write(path: string, content: string, mode = 0o644): string {
    const absolute = join(this.root, path);
    mkdirSync(dirname(absolute), { recursive: true });
    writeFileSync(absolute, content, { mode });
    return absolute;
  }

  /** A request through the ingress to a service of the default tenant. */
  fetch(service: string, path = "/", init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("host", `${service}.localhost:${this.ingressPort}`);
    return fetch(`http://127.0.0.1:${this.ingressPort}${path}`, { ...init, headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#following.map((following) => following.stop("SIGTERM")));
    if (processesOf(this.root).length > 0) await this.run(["stop", "--yes"], { timeoutMs: 40_000 });
    const isEmpty = () => processesOf(this.root).length === 0;
    const gone = await waitFor(isEmpty, { what: "processes to end", deadlineMs: goneDeadlineMs }).catch(() => false);
    const left = processesOf(this.root);
    this.abandon();
    if (!gone && left.length > 0) {
      throw new Error(`processes were left: ${left.map(({ pid, command }) => `${pid} (${command})`).join(", ")}`);
    }
  }

  /** Kills what is left and removes the folder. */
  abandon(): void {
    live.delete(this);
    for (const { pid } of processesOf(this.root)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself in the meantime.
      }
    }
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}
