export { verifyAuditFile } from "./audit-file.ts";
export { openKernel } from "./boot.ts";
export { startDaemon } from "./daemon.ts";
export {
  endGuardians,
  guardiansOf,
  kernelExit,
  linkGuardian,
  openDaemonLog,
  writeBootError,
} from "./guardian/index.ts";
export type { KernelOptions, RunningKernel } from "./kernel-options.ts";
export { openReadOnly } from "./read-only.ts";
