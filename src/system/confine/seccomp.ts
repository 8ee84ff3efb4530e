import { arch } from "node:process";
import {
  allow,
  answer,
  archOffset,
  assemble,
  auditArch,
  type Instruction,
  jumpIfAnyBit,
  jumpIfAtLeast,
  jumpIfEqual,
  keepBits,
  load,
  loadArgument,
  numberOffset,
  onArgument,
} from "./bpf.ts";

/**
 * A seccomp filter (seccomp(2)) for services: what a service has no business with is refused with EPERM, everything else
 * passes. It closes what Landlock does not cover: tracing, mounts, namespaces, kernel modules, keys, the clock, other kinds of
 * sockets, other processes' resource limits; and UDP, for which Landlock has no rules, for who is to have none.
 *
 * `clone3` is said not to exist, since its flags lie in memory that a filter can't see: the C library falls back on
 * `clone`, whose flags can be checked.
 */
export function denyFilter({ udp = true }: { readonly udp?: boolean } = {}): Uint8Array {
  const column = arch === "arm64" ? 1 : 0;
  const refused = Object.values(forbidden).flatMap((numbers) => {
    const number = numbers[column];
    return number === undefined || number < 0 ? [] : [number];
  });
  return assemble([
    load(archOffset),
    [jumpIfEqual, 1, 0, auditArch[column] ?? 0],
    answer(killProcess),
    load(numberOffset),
    ...(column === 0 ? [[jumpIfAtLeast, 0, 1, x32Bit] as const, answer(refuse(EPERM))] : []),
    ...refused.flatMap((number) => [[jumpIfEqual, 0, 1, number] as const, answer(refuse(EPERM))]),
    [jumpIfEqual, 0, 1, clone3],
    answer(refuse(ENOSYS)),
    ...onArgument(cloneCall[column], 0, [[jumpIfAnyBit, 0, 1, namespaceFlags] as const, answer(refuse(EPERM))]),
    ...onArgument(ioctlCall[column], 1, equalsAny(terminalInjection)),
    ...onArgument(socketCall[column], 0, equalsNone(socketFamilies)),
    ...(udp ? [] : datagramsOf(socketCall[column])),
    ...onArgument(socketCall[column], 2, equalsNone(socketProtocols)),
    ...onArgument(setpriorityCall[column], 0, equalsAny([ofAllTheUsers])),
    ...limitsOfOthers(prlimitCall[column]),
    ...sendCalls.flatMap(([numbers, flags]) =>
      onArgument(numbers[column], flags, [[jumpIfAnyBit, 0, 1, fastOpen] as const, answer(refuse(EPERM))]),
    ),
    answer(allow),
  ]);
}

function equalsAny(values: readonly number[]): Instruction[] {
  return values.flatMap((value) => [[jumpIfEqual, 0, 1, value] as const, answer(refuse(EPERM))]);
}

function equalsNone(values: readonly number[]): Instruction[] {
  const passes = values.map((value, index) => [jumpIfEqual, values.length - index, 0, value] as const);
  return [...passes, answer(refuse(EPERM))];
}

/** UDP, UDP-Lite and ICMP without privileges: sockets for datagrams of the two families that leave the machine. */
function datagramsOf(number = 0): Instruction[] {
  const inner: Instruction[] = [
    loadArgument(0),
    [jumpIfEqual, 1, 0, inet],
    [jumpIfEqual, 0, 4, inet6],
    loadArgument(1),
    [keepBits, 0, 0, socketTypes],
    [jumpIfEqual, 0, 1, datagrams],
    answer(refuse(EPERM)),
    load(numberOffset),
  ];
  return [[jumpIfEqual, 0, inner.length, number], ...inner];
}

/** New limits for any process but the caller: one on processor time would end the kernel, which is the same user's. */
function limitsOfOthers(number = 0): Instruction[] {
  const inner: Instruction[] = [
    loadArgument(0),
    [jumpIfEqual, 5, 0, 0],
    loadArgument(2, "low"),
    [jumpIfEqual, 0, 2, 0],
    loadArgument(2, "high"),
    [jumpIfEqual, 1, 0, 0],
    answer(refuse(EPERM)),
    load(numberOffset),
  ];
  return [[jumpIfEqual, 0, inner.length, number], ...inner];
}

function refuse(number: number): number {
  return refuseWith | number;
}

/** Numbers on x86-64 and arm64; -1 where the architecture has no such call. */
const forbidden: Readonly<Record<string, readonly [x64: number, arm64: number]>> = {
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  open_by_handle_at: [304, 265],
  setns: [308, 268],
  unshare: [272, 97],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  adjtimex: [159, 171],
  clock_adjtime: [305, 266],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  vhangup: [153, 58],
  syslog: [103, 116],
  quotactl_fd: [443, 443],
  iopl: [172, -1],
  ioperm: [173, -1],
};

const clone3 = 435;
const cloneCall = [56, 220] as const;
const ioctlCall = [16, 29] as const;
const socketCall = [41, 198] as const;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const namespaceFlags = 0x7e02_0000;
/** TIOCSTI and TIOCLINUX write into a terminal's input. */
const terminalInjection = [0x5412, 0x541c];
const [inet, inet6] = [2, 10] as const;
/**
 * AF_UNIX, AF_INET, AF_INET6, and AF_NETLINK, by which the C library lists the machine's addresses. All others are refused: traffic of others
 * (AF_PACKET), the machine's host (AF_VSOCK), TCP in disguise (AF_SMC), and many that hardly anybody uses, or looks after.
 */
const socketFamilies = [1, inet, inet6, 16];
/** The other bits of a socket's type are flags. */
const socketTypes = 0xf;
/** SOCK_DGRAM. */
const datagrams = 2;
/**
 * The family's own one, ICMP, TCP, UDP, ICMPv6, UDP-Lite; of AF_NETLINK what lists addresses (0), and nothing on others' sockets, devices or
 * the machine's audit log. MPTCP, SCTP, DCCP and SMC reach TCP ports, or ports like them, that Landlock's rules on TCP don't speak of.
 */
const socketProtocols = [0, 1, 6, 17, 58, 136];
const prlimitCall = [302, 261] as const;
const setpriorityCall = [141, 140] as const;
/** PRIO_USER: all processes of the user, the kernel among them. */
const ofAllTheUsers = 2;
/** sendto, sendmsg and sendmmsg, and which argument has the flags: MSG_FASTOPEN connects without connect(2). */
const sendCalls = [
  [[44, 206], 3],
  [[46, 211], 2],
  [[307, 269], 3],
] as const;
const fastOpen = 0x2000_0000;

const EPERM = 1;
const ENOSYS = 38;
const x32Bit = 0x4000_0000;

/** SECCOMP_RET_ERRNO, SECCOMP_RET_KILL_PROCESS. */
const refuseWith = 0x0005_0000;
const killProcess = 0x8000_0000;
