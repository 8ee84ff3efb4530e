export * from "./call-listener.ts";
export * from "./descriptor-pair.ts";
export * from "./foreign-task.ts";
export { type WatchedCall, watchFilter } from "./watched-calls.ts";
