export { leastSandbox } from "./least.ts";
export { recorderOrderSchema, runRecorder } from "./recorder.ts";
export { type Recorder, Recorders } from "./recorders.ts";
export { readRecord, recordPath, type UseRecord } from "./use-file.ts";
export { foldersAbove } from "./uses.ts";
