export * from "./landlock.ts";
export * from "./mechanisms.ts";
export * from "./pids-group.ts";
export * from "./seccomp.ts";
export * from "./spawn-confined.ts";
