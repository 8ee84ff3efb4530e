import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../support/index.ts";

/** Fixed, so that figures of different days compare. */
const version = "5.3.0";

/** A workflow of so many steps, each of which returns the value that Solo's return. Prints what each took, in milliseconds. */
const program = `
import { DBOS } from "@dbos-inc/dbos-sdk";
const [count, systemDatabaseUrl] = process.argv.slice(2);
DBOS.setConfig({ name: "bench", systemDatabaseUrl, runAdminServer: false, logLevel: "error" });
const value = { name: "x".repeat(80), count: 7 };
const times = [];
const workflow = DBOS.registerWorkflow(async () => {
  for (let n = 0; n < Number(count); n++) {
    const began = performance.now();
    await DBOS.runStep(async () => value, { name: "step-" + n });
    times.push(performance.now() - began);
  }
}, { name: "steps" });
await DBOS.launch();
await workflow();
await DBOS.shutdown();
console.log(JSON.stringify(times));
process.exit(0);
`;

/** PostgreSQL with its default settings, in a folder of its own, and DBOS from the registry, for its durable steps. */
export class Dbos implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "solo-bench-dbos-"));
  readonly #port = freePort();
  readonly #binaries: string;

  private constructor(binaries: string) {
    this.#binaries = binaries;
  }

  /** @returns undefined where there is no PostgreSQL */
  static async start(): Promise<Dbos | undefined> {
    const binaries = ["17", "16", "15"].map((major) => `/usr/lib/postgresql/${major}/bin`).find(existsSync);
    if (binaries === undefined) return undefined;
    await install();
    const dbos = new Dbos(binaries);
    await dbos.#start();
    return dbos;
  }

  /** What each of so many steps took, in milliseconds. */
  async times(count: number): Promise<number[]> {
    const script = join(prefix(), "steps.mjs");
    writeFileSync(script, program);
    const url = `postgresql://postgres@127.0.0.1:${this.#port}/bench`;
    const output = await run(["node", script, String(count), url]);
    const times: unknown = JSON.parse(output.trim().split("\n").at(-1) ?? "");
    if (!Array.isArray(times)) throw new Error(`DBOS printed ${output}`);
    return times.map(Number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#asPostgres("pg_ctl", "-D", this.#data, "-m", "immediate", "stop");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    if (process.getuid?.() === 0) {
      chownSync(this.#folder, Number(await run(["id", "-u", "postgres"])), Number(await run(["id", "-g", "postgres"])));
    }
    const options = `-c listen_addresses=127.0.0.1 -p ${this.#port} -k ${this.#folder}`;
    await this.#asPostgres("initdb", "-D", this.#data, "-A", "trust", "-U", "postgres");
    await this.#asPostgres("pg_ctl", "-w", "-D", this.#data, "-o", options, "-l", join(this.#folder, "log"), "start");
  }

  get #data(): string {
    return join(this.#folder, "data");
  }

  /** PostgreSQL refuses to run as root. */
  async #asPostgres(program: string, ...args: string[]): Promise<void> {
    const root = process.getuid?.() === 0 ? ["runuser", "-u", "postgres", "--"] : [];
    await run([...root, join(this.#binaries, program), ...args]);
  }
}

/** In a cache of its own: no dependency of Solo. */
function prefix(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "solo-bench", `dbos-${version}`);
}

async function install(): Promise<void> {
  if (existsSync(join(prefix(), "node_modules", "@dbos-inc"))) return;
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  await run(["npm", "install", "--prefix", prefix(), ...quiet, `@dbos-inc/dbos-sdk@${version}`]);
}

async function run(command: readonly string[]): Promise<string> {
  // A server that goes on must not hold the pipe: its output has a file.
  const child = Bun.spawn({ cmd: [...command], stdin: "ignore", stdout: "pipe", stderr: "ignore", cwd: tmpdir() });
  const isServer = command.includes("start");
  const output = isServer ? "" : await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed`);
  return output;
}
