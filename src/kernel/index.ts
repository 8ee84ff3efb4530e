export { verifyAuditFile } from "./at-rest/audit-file.ts";
export { openReadOnly } from "./at-rest/read-only.ts";
export { openKernel } from "./boot/boot.ts";
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
