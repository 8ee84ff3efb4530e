/**
 * Whether this process was started without a standard output (`>&-`). Bun then opens /dev/null in its place, so that a
 * write would seem to succeed; unlike one that was passed on, that descriptor is closed on exec.
 */
export async function isStdoutClosed(): Promise<boolean> {
  // A pipe or a file, as nearly always where every millisecond counts: `node:fs` takes one to load.
  if (await Bun.file("/proc/self/fd/1").exists()) return false;
  const { fstatSync, readFileSync } = process.getBuiltinModule("node:fs");
  try {
    if (fstatSync(1).rdev !== nullDevice) return false;
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync("/proc/self/fdinfo/1", "utf8"))?.[1] ?? "0";
    return (Number.parseInt(flags, 8) & closeOnExec) !== 0;
  } catch {
    return false;
  }
}

/** Major 1, minor 3 on Linux (Documentation/admin-guide/devices.txt). */
const nullDevice = 0x103;
/** `O_CLOEXEC`, equal on x86-64 and arm64. */
const closeOnExec = 0o2000000;
