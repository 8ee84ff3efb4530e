export * from "./landlock.ts";
export * from "./seccomp.ts";
export * from "./spawn-confined.ts";
