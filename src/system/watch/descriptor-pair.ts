import { dlopen, ptr } from "bun:ffi";
import { EINTR, errno, systemError } from "../libc.ts";

/** Two connected unix sockets (socketpair(2)), over which descriptors can be sent. No program that is executed inherits them. */
export function descriptorPair(): [number, number] {
  const fds = new Int32Array(new ArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  if (library().socketpair(unix, packets | closeOnExec, 0, ptr(fds)) !== 0) throw systemError("socketpair", "");
  return [fds[0] ?? -1, fds[1] ?? -1];
}

/** Waits for the descriptor that is sent over a socket (unix(7)); undefined when its other end is closed before. */
export function receiveDescriptor(socket: number): number | undefined {
  const data = words(1);
  const control = words(controlWords);
  const vector = words(2);
  vector.set([BigInt(ptr(data)), 1n]);
  // `struct msghdr`: name and its length, vectors and their number, control and its length, flags.
  const message = words(7);
  message.set([0n, 0n, BigInt(ptr(vector)), 1n, BigInt(ptr(control)), BigInt(control.byteLength), 0n]);
  for (;;) {
    const count = Number(library().recvmsg(socket, ptr(message), closeOnReceive));
    if (count === 0) return undefined;
    if (count > 0) break;
    const reason = errno();
    if (reason !== EINTR) throw systemError("recvmsg", "of a descriptor", reason);
  }
  // `struct cmsghdr`: u64 length, i32 level, i32 type, then the descriptor.
  const view = new DataView(control.buffer);
  const hasOne = Number(message[5]) >= descriptorOffset + 4 && view.getInt32(12, true) === rights;
  return hasOne ? view.getInt32(descriptorOffset, true) : undefined;
}

/** In memory of its own: the address of a small typed array without an ArrayBuffer may change. */
function words(length: number): BigUint64Array<ArrayBuffer> {
  return new BigUint64Array(new ArrayBuffer(length * BigUint64Array.BYTES_PER_ELEMENT));
}

let opened: ReturnType<typeof open> | undefined;

function library() {
  opened ??= open();
  return opened.symbols;
}

function open() {
  return dlopen("libc.so.6", {
    socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
    recvmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
  });
}

/** AF_UNIX, SOCK_SEQPACKET, SOCK_CLOEXEC, MSG_CMSG_CLOEXEC, SCM_RIGHTS. */
const unix = 1;
const packets = 5;
const closeOnExec = 0o2000000;
const closeOnReceive = 0x4000_0000;
const rights = 1;
const controlWords = 8;
const descriptorOffset = 16;
