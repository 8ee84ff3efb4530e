export type { LogCapture } from "./capture.ts";
export { type LogCaptureRequest, type LogProblem, LogStore, type LogStoreOptions } from "./log-store.ts";
export type { LogQuery } from "./read-log.ts";
export type { LogRedaction } from "./redaction.ts";
