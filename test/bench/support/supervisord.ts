import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../../support/wait-for.ts";
import { type Timed, timed } from "./timed.ts";

/** A supervisord with programs by name, in a folder of its own. Take it with `await using`. */
export class Supervisord implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "solo-bench-supervisor-"));
  readonly #daemon: Bun.Subprocess;
  readonly #conf = join(this.#folder, "supervisord.conf");

  private constructor(
    programs: Readonly<Record<string, string>>,
    private readonly rpcPort: number | undefined,
  ) {
    const socket = join(this.#folder, "supervisor.sock");
    const sections = [
      `[unix_http_server]\nfile=${socket}`,
      ...(rpcPort === undefined ? [] : [`[inet_http_server]\nport=127.0.0.1:${rpcPort}`]),
      `[supervisord]\nnodaemon=true\nlogfile=${this.#folder}/supervisord.log\npidfile=${this.#folder}/supervisord.pid\nchildlogdir=${this.#folder}`,
      "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
      `[supervisorctl]\nserverurl=unix://${socket}`,
      ...Object.entries(programs).map(([name, command]) => `[program:${name}]\ncommand=${command}\nautorestart=true`),
    ];
    writeFileSync(this.#conf, `${sections.join("\n\n")}\n`);
    this.#daemon = Bun.spawn(["/usr/bin/supervisord", "-c", this.#conf], {
      cwd: this.#folder,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
  }

  /**
   * Resolves once every program runs by supervisord's own judgement: it has to stay up for a second.
   * @param rpcPort where it answers XML-RPC over TCP
   */
  static async start(programs: Readonly<Record<string, string>>, rpcPort?: number): Promise<Supervisord> {
    const daemon = new Supervisord(programs, rpcPort);
    const count = Object.keys(programs).length;
    const allRun = async () => ((await daemon.status()).stdout.match(/RUNNING/g)?.length ?? 0) === count;
    try {
      await waitFor(allRun, { what: "supervisord's programs", deadlineMs: 30_000 });
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }

  get rpcUrl(): string {
    return `http://127.0.0.1:${this.rpcPort}/RPC2`;
  }

  status(): Promise<Timed> {
    const env = { PATH: process.env.PATH, LANG: "C.UTF-8" };
    return timed(["/usr/bin/supervisorctl", "-c", this.#conf, "status"], { env });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#daemon.kill("SIGTERM");
    await this.#daemon.exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
