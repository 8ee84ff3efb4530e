import { ptr } from "bun:ffi";
import { libc } from "./libc.ts";

/** Numbers of adjtimex(2). */
const adjtimex = { x64: 159, arm64: 171 } as const;
/** Of its answer: the clock is not synchronised. Everything below is. */
const timeError = 5;
/** `struct timex` has 208 bytes, and zero as its mode only reads. */
const timexBytes = 256;

/** Whether something, such as NTP, keeps the machine's clock right; undefined when the system does not tell. */
export function isClockSynchronized(): boolean | undefined {
  if (process.arch !== "x64" && process.arch !== "arm64") return undefined;
  const answer = Number(libc().syscall(adjtimex[process.arch], ptr(new Uint8Array(timexBytes)), 0, 0, 0, 0, 0));
  return answer < 0 ? undefined : answer !== timeError;
}
