export { clearBootError, readBootError, writeBootError } from "./boot-error.ts";
export { type DaemonLog, openDaemonLog } from "./daemon-log.ts";
export { type KernelEndRecord, readKernelEnd } from "./kernel-end.ts";
export { type GuardianLink, linkGuardian } from "./link.ts";
export { endGuardians, guardiansOf } from "./living.ts";
export { kernelExit } from "./protocol.ts";
export { type GuardianOptions, runGuardian } from "./run.ts";
export { standInForGuardian } from "./stand-in.ts";
