export * from "./control-groups.ts";
export * from "./landlock.ts";
export * from "./mechanisms.ts";
export * from "./namespaces.ts";
export * from "./seccomp.ts";
export * from "./spawn-confined.ts";
