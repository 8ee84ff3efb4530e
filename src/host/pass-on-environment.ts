/**
 * Bun gives children and workers the environment that the process was started with, unless they are told one. From here on
 * they get the present one: without the host's key, and with what is known only since the start.
 */
export function passOnEnvironment(): void {
  const { spawn, spawnSync } = Bun;
  Object.assign(Bun, {
    spawn: (...given: unknown[]) => Reflect.apply(spawn, Bun, withEnvironment(given)),
    spawnSync: (...given: unknown[]) => Reflect.apply(spawnSync, Bun, withEnvironment(given)),
  });
  const BunWorker = globalThis.Worker;
  globalThis.Worker = class Worker extends BunWorker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, { env: environment(), ...options });
    }
  };
}

/** The arguments of `spawn([…], options)` or `spawn({ cmd, … })`, with an environment. */
function withEnvironment([first, second]: readonly unknown[]): unknown[] {
  if (Array.isArray(first)) return [first, { env: environment(), ...defined(second) }];
  return [{ env: environment(), ...defined(first) }];
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Options without those that are there and say nothing. */
function defined(options: unknown): object {
  if (typeof options !== "object" || options === null) return {};
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
