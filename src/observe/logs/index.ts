export type { LogCapture } from "./capture.ts";
export { type LogCaptureRequest, LogStore, type LogStoreOptions } from "./log-store.ts";
export type { LogQuery } from "./read-log.ts";
export type { LogProblem } from "./service-log.ts";
