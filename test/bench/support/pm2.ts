import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pm2Path } from "./peers.ts";
import { type Timed, timed } from "./timed.ts";

/** A PM2 with a daemon and a home of its own. Take it with `await using`: its daemon and all it runs end with it. */
export class Pm2 implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), "solo-bench-pm2-"));
  readonly #env = {
    PATH: process.env.PATH,
    HOME: this.home,
    PM2_HOME: join(this.home, ".pm2"),
    LANG: "C.UTF-8",
    TERM: "dumb",
  };

  /** Runs a pm2 command to its end. The first one starts the daemon. */
  run(...args: readonly string[]): Promise<Timed> {
    return timed(["node", pm2Path(), ...args], { cwd: this.home, env: this.#env });
  }

  /** Where it keeps what a process printed. */
  get logs(): string {
    return join(this.home, ".pm2", "logs");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run("kill").finally(() => rmSync(this.home, { recursive: true, force: true, maxRetries: 3 }));
  }
}
