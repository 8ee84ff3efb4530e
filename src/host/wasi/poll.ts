import { wasi } from "@bjorn3/browser_wasi_shim";
import { clockTime } from "./clocks.ts";

/** Sizes of preview 1's `subscription` and `event`. */
const subscriptionBytes = 48;
const eventBytes = 32;

/** Subscriptions of one call; libc's `poll` and `sleep` use a handful. */
const maxSubscriptions = 1_024;

/** Shorter sleeps cost more than they wait. */
const minSleepMs = 0.05;

interface Timer {
  readonly userdata: bigint;
  readonly clockid: number;
  readonly deadline: bigint;
}

/**
 * `poll_oneoff`: sleeps until the first of several clocks. Descriptors are always ready, since files never wait and
 * standard input is at its end.
 *
 * @returns a WASI error number
 */
export function pollOneoff(view: DataView, input: number, output: number, count: number, countOut: number): number {
  if (count === 0 || count > maxSubscriptions) return wasi.ERRNO_INVAL;
  const timers: Timer[] = [];
  const events: wasi.Event[] = [];
  for (let index = 0; index < count; index++) {
    const address = input + index * subscriptionBytes;
    const userdata = view.getBigUint64(address, true);
    const type = view.getUint8(address + 8);
    if (type === wasi.EVENTTYPE_CLOCK) {
      const timer = readTimer(view, address, userdata);
      if (timer) timers.push(timer);
      else events.push(new wasi.Event(userdata, wasi.ERRNO_INVAL, type));
    } else {
      events.push(new wasi.Event(userdata, wasi.ERRNO_SUCCESS, type));
    }
  }
  if (events.length === 0) sleepUntilFirst(timers);
  events.push(...timers.filter(isDue).map(({ userdata }) => new wasi.Event(userdata, 0, wasi.EVENTTYPE_CLOCK)));
  events.forEach((event, index) => {
    new Uint8Array(view.buffer, output + index * eventBytes, eventBytes).fill(0);
    event.write_bytes(view, output + index * eventBytes);
  });
  view.setUint32(countOut, events.length, true);
  return wasi.ERRNO_SUCCESS;
}

/** A span is measured by the monotonic clock, whichever it names: the wall clock is coarse and may be set meanwhile. */
function readTimer(view: DataView, address: number, userdata: bigint): Timer | undefined {
  const { clockid, timeout, flags } = wasi.Subscription.read_bytes(view, address);
  if (clockid !== wasi.CLOCKID_REALTIME && clockid !== wasi.CLOCKID_MONOTONIC) return undefined;
  if ((flags & wasi.SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME) !== 0) return { userdata, clockid, deadline: timeout };
  return { userdata, clockid: wasi.CLOCKID_MONOTONIC, deadline: process.hrtime.bigint() + timeout };
}

/** Milliseconds until a timer is due, negative when it is overdue. */
function remainingMs({ clockid, deadline }: Timer): number {
  return Number(deadline - (clockTime(clockid) ?? deadline)) / 1e6;
}

function isDue(timer: Timer): boolean {
  return remainingMs(timer) <= 0;
}

function sleepUntilFirst(timers: readonly Timer[]): void {
  while (!timers.some(isDue)) Bun.sleepSync(Math.max(Math.min(...timers.map(remainingMs)), minSleepMs));
}
