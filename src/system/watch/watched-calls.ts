import { arch } from "node:process";
import {
  allow,
  answer,
  archOffset,
  assemble,
  auditArch,
  type Instruction,
  jumpIfAnyBit,
  jumpIfEqual,
  load,
  numberOffset,
  onArgument,
} from "../confine/bpf.ts";

export type WatchedCall = keyof typeof numbers;

/** Numbers on x86-64 and arm64 of the calls that Landlock's rules on files and TCP are about; -1 where there is no such call. */
const numbers = {
  open: [2, -1],
  creat: [85, -1],
  openat: [257, 56],
  openat2: [437, 437],
  execve: [59, 221],
  execveat: [322, 281],
  truncate: [76, 45],
  mkdir: [83, -1],
  mkdirat: [258, 34],
  mknod: [133, -1],
  mknodat: [259, 33],
  rmdir: [84, -1],
  unlink: [87, -1],
  unlinkat: [263, 35],
  symlink: [88, -1],
  symlinkat: [266, 36],
  link: [86, -1],
  linkat: [265, 37],
  rename: [82, -1],
  renameat: [264, 38],
  renameat2: [316, 276],
  connect: [42, 203],
  bind: [49, 200],
} as const satisfies Record<string, readonly [x64: number, arm64: number]>;

const column = arch === "arm64" ? 1 : 0;

/** Which of the watched calls a number is. */
export const watchedCalls: ReadonlyMap<number, WatchedCall> = new Map(
  Object.entries(numbers).flatMap(([name, both]) =>
    isWatched(name) && both[column] >= 0 ? [[both[column], name] as const] : [],
  ),
);

/**
 * A seccomp filter that has the watched calls told to a listener, which lets them go on (seccomp_unotify(2)). All others pass.
 * An `execve` whose fourth argument, which the call has no use for, is `pass` is not told.
 */
export function watchFilter(pass: number): Uint8Array {
  const without = (name: WatchedCall) => [...watchedCalls].filter(([, other]) => other !== name);
  const plain = without("execve").filter(([, name]) => name !== "open" && name !== "openat");
  return assemble([
    load(archOffset),
    [jumpIfEqual, 1, 0, auditArch[column]],
    answer(allow),
    load(numberOffset),
    ...onArgument(numbers.execve[column], 3, passing([jumpIfEqual, 0, 1, pass])),
    // A path that is only looked at is not restricted either.
    ...onArgument(numbers.openat[column], 2, passing([jumpIfAnyBit, 0, 1, pathOnly])),
    ...onArgument(numbers.open[column], 1, passing([jumpIfAnyBit, 0, 1, pathOnly])),
    ...plain.flatMap(([number]) => [[jumpIfEqual, 0, 1, number] as const, answer(tell)]),
    answer(allow),
  ]);
}

function passing(condition: Instruction): Instruction[] {
  return [condition, answer(allow), answer(tell)];
}

function isWatched(name: string): name is WatchedCall {
  return Object.hasOwn(numbers, name);
}

/** `O_PATH`. */
const pathOnly = 0o10000000;
/** SECCOMP_RET_USER_NOTIF. */
const tell = 0x7fc0_0000;
