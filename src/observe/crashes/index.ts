export { coreHint } from "./core-hint.ts";
export { CrashStore } from "./crash-store.ts";
