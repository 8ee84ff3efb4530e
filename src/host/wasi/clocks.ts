import { wasi } from "@bjorn3/browser_wasi_shim";

/** Nanoseconds of one of preview 1's four clocks; undefined for any other. */
export function clockTime(id: number): bigint | undefined {
  if (id === wasi.CLOCKID_REALTIME) return BigInt(Date.now()) * 1_000_000n;
  if (id === wasi.CLOCKID_MONOTONIC) return process.hrtime.bigint();
  if (id === wasi.CLOCKID_PROCESS_CPUTIME_ID || id === wasi.CLOCKID_THREAD_CPUTIME_ID) {
    const { user, system } = process.cpuUsage();
    return BigInt(user + system) * 1_000n;
  }
  return undefined;
}

/** Smallest step of a clock in nanoseconds. */
export function clockResolution(id: number): bigint | undefined {
  if (id === wasi.CLOCKID_REALTIME) return 1_000_000n;
  if (id === wasi.CLOCKID_MONOTONIC) return 1n;
  return clockTime(id) === undefined ? undefined : 1_000n;
}
