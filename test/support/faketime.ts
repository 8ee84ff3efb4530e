import { join } from "node:path";

const libraries = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" } as const;
const architecture = process.arch === "arm64" ? "arm64" : "x64";

/** Makes a program believe in another time, when it is preloaded: Debian's `libfaketime`, for programs with threads. */
export const libfaketime = join("/usr/lib", libraries[architecture], "faketime", "libfaketimeMT.so.1");
