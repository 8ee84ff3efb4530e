import { EAGAIN, errno, libc, systemError } from "./libc.ts";

/** A connected unix datagram socket, which neither Bun nor node has. */
export interface UnixDatagram {
  /** Sends one datagram at once; false when the receiver's queue is full. Throws the system's error otherwise. */
  send(bytes: Uint8Array): boolean;
  close(): void;
}

const AF_UNIX = 1;
/** `SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC`, equal on x86-64 and arm64. */
const datagramType = 0o2 | 0o4000 | 0o2000000;
/** `sun_path` of unix(7). */
const pathBytes = 108;
const ENOBUFS = 105;

/** @throws the system's error, such as `ENOENT`, when nobody listens there */
export function connectUnixDatagram(path: string): UnixDatagram {
  const name = Buffer.from(path);
  if (name.length >= pathBytes) throw systemError("connect", `${path}: the path is too long`, 22);
  const address = Buffer.alloc(2 + pathBytes);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  let descriptor = libc().socket(AF_UNIX, datagramType, 0);
  if (descriptor < 0) throw systemError("socket", path);
  if (libc().connect(descriptor, address, address.length) !== 0) {
    const error = systemError("connect", path);
    libc().close(descriptor);
    throw error;
  }
  return {
    send(bytes) {
      if (Number(libc().send(descriptor, bytes, bytes.length, noSignal)) >= 0) return true;
      const number = errno();
      if (number === EAGAIN || number === ENOBUFS) return false;
      throw systemError("send", path, number);
    },
    close() {
      if (descriptor >= 0) libc().close(descriptor);
      descriptor = -1;
    },
  };
}

/** `MSG_NOSIGNAL`. */
const noSignal = 0x4000;
