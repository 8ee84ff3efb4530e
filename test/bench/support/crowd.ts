import type { z } from "zod";
import { healthDocumentSchema } from "../../../src/api/index.ts";
import { type SoloEnv, soloBinary, soloEnv } from "../../support/index.ts";
import { timed } from "./timed.ts";

/** Stopping thousands of services is more than a test's teardown allows for. */
const stopTimeoutMs = 120_000;

/**
 * A new Bun process works on itself, compiling and looking for garbage every second, until it has been idle for half a
 * minute: five hundred of them take 60 % of two cores at first, and 10 % from then on.
 */
export const settleMs = { young: 10_000, settled: 40_000 } as const;

/** The smallest service there is: what many of them cost is the system's own doing. */
export const smallService = `export default { fetch: () => new Response("hello\\n") };\n`;

/** A daemon with many TypeScript services, all ready. Take it with `await using`. */
export class Crowd implements AsyncDisposable {
  private constructor(
    readonly env: SoloEnv,
    /** From the command to the last service's readiness. */
    readonly readyMs: number,
  ) {}

  /** Starts them, and lets them come to rest. */
  static async start(count: number, { restMs }: { readonly restMs: number }): Promise<Crowd> {
    const env = soloEnv();
    const services = Array.from({ length: count }, (_, index) => `[service.crowd-${index}]\nsource = "crowd.ts"\n`);
    // In a folder of their own: a command run elsewhere does not read the project file of five hundred services.
    env.write("crowd/crowd.ts", smallService);
    const project = env.write("crowd/solo.toml", services.join("\n"));
    try {
      await solo(env, "start");
      const { tookMs } = await solo(env, "deploy", "-f", project, "--json", "--quiet", "--timeout", "170s");
      await Bun.sleep(restMs);
      return new Crowd(env, tookMs);
    } catch (error) {
      await end(env);
      throw error;
    }
  }

  /** The kernel's own answer on how it is. */
  async health(): Promise<z.infer<typeof healthDocumentSchema>> {
    return healthDocumentSchema.parse(JSON.parse((await solo(this.env, "health", "--json")).stdout));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.env);
  }
}

/** Runs a `solo` command in an environment and takes its time. @throws when it fails */
export function solo(env: SoloEnv, ...args: readonly string[]) {
  return timed([soloBinary(), ...args], { cwd: env.root, env: env.env });
}

async function end(env: SoloEnv): Promise<void> {
  await env.run(["stop", "--yes"], { timeoutMs: stopTimeoutMs }).catch(() => undefined);
  await env[Symbol.asyncDispose]();
}
