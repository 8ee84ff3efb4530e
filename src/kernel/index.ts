export { verifyAuditFile } from "./audit-file.ts";
export { type KernelOptions, openKernel, type RunningKernel } from "./boot.ts";
export { startDaemon } from "./daemon.ts";
export {
  endGuardians,
  guardiansOf,
  kernelExit,
  linkGuardian,
  openDaemonLog,
  writeBootError,
} from "./guardian/index.ts";
export { openReadOnly } from "./read-only.ts";
