import { type Fd, WASI, wasi } from "@bjorn3/browser_wasi_shim";
import { clockResolution, clockTime } from "./clocks.ts";
import { HostDirectory } from "./host-directory.ts";
import { pollOneoff } from "./poll.ts";

/** Descriptors that a module may hold open, as a Linux process by default. */
const maxDescriptors = 1_024;

/**
 * The functions of `wasi_snapshot_preview1` over the host's files. The shim does the marshalling; replaced are those of its
 * functions that only know its files in memory, never reuse a descriptor, spin instead of sleeping, or throw strings.
 */
export function createWasi(args: string[], env: string[], fds: Fd[]): WASI {
  const system = new WASI(args, env, fds, { debug: false });
  const buffer = () => system.inst.exports.memory.buffer;
  const view = () => new DataView(buffer());
  const text = (address: number, length: number) =>
    new TextDecoder().decode(new Uint8Array(buffer(), address, length).slice());
  const folder = (fd: number) => {
    const found = system.fds[fd];
    return found instanceof HostDirectory ? found : undefined;
  };
  const unsupported = () => wasi.ERRNO_NOTSUP;
  Object.assign(system.wasiImport, {
    args_sizes_get(countOut: number, bytesOut: number): number {
      const bytes = args.reduce((total, arg) => total + Buffer.byteLength(arg) + 1, 0);
      view().setUint32(countOut, args.length, true);
      view().setUint32(bytesOut, bytes, true);
      return wasi.ERRNO_SUCCESS;
    },
    clock_res_get(id: number, out: number): number {
      return writeClock(view(), out, clockResolution(id));
    },
    clock_time_get(id: number, _precision: bigint, out: number): number {
      return writeClock(view(), out, clockTime(id));
    },
    path_open(
      ...[fd, dirflags, path, length, oflags, rights, inherited, fdflags, out]: [
        ...[fd: number, dirflags: number, path: number, length: number, oflags: number],
        ...[rights: bigint, inherited: bigint, fdflags: number, out: number],
      ]
    ): number {
      const parent = system.fds[fd];
      if (!parent) return wasi.ERRNO_BADF;
      const slot = freeSlot(system.fds);
      if (slot === undefined) return wasi.ERRNO_MFILE;
      const { ret, fd_obj } = parent.path_open(dirflags, text(path, length), oflags, rights, inherited, fdflags);
      if (!fd_obj) return ret === wasi.ERRNO_SUCCESS ? wasi.ERRNO_NOTDIR : ret;
      system.fds[slot] = fd_obj;
      view().setUint32(out, slot, true);
      return wasi.ERRNO_SUCCESS;
    },
    path_rename(fd: number, path: number, length: number, newFd: number, newPath: number, newLength: number): number {
      const [from, to] = [folder(fd), folder(newFd)];
      if (!from || !to) return wasi.ERRNO_BADF;
      return from.renameTo(text(path, length), to, text(newPath, newLength));
    },
    path_link(
      ...[fd, flags, path, length, newFd, newPath, newLength]: [
        ...[fd: number, flags: number, path: number, length: number],
        ...[newFd: number, newPath: number, newLength: number],
      ]
    ): number {
      const [from, to] = [folder(fd), folder(newFd)];
      if (!from || !to) return wasi.ERRNO_BADF;
      return from.linkTo(text(path, length), (flags & 1) !== 0, to, text(newPath, newLength));
    },
    path_symlink(target: number, targetLength: number, fd: number, path: number, length: number): number {
      return folder(fd)?.symlink(text(target, targetLength), text(path, length)) ?? wasi.ERRNO_BADF;
    },
    poll_oneoff(input: number, output: number, count: number, countOut: number): number {
      return pollOneoff(view(), input, output, count, countOut);
    },
    sched_yield: () => wasi.ERRNO_SUCCESS,
    proc_raise: unsupported,
    sock_accept: unsupported,
    sock_recv: unsupported,
    sock_send: unsupported,
    sock_shutdown: unsupported,
  });
  return system;
}

function writeClock(view: DataView, out: number, nanoseconds: bigint | undefined): number {
  if (nanoseconds === undefined) return wasi.ERRNO_INVAL;
  view.setBigUint64(out, nanoseconds, true);
  return wasi.ERRNO_SUCCESS;
}

function freeSlot(fds: readonly (Fd | undefined)[]): number | undefined {
  const gap = fds.indexOf(undefined);
  const slot = gap < 0 ? fds.length : gap;
  return slot < maxDescriptors ? slot : undefined;
}
