export type { CommandModule, CommandTable } from "./command-table.ts";
export { dryRunFlag, serviceIdFlag, waitFlags } from "./global-flags.ts";
export type { DaemonOptions, ForegroundKernel, KernelDoor, ReadOnlyApi } from "./kernel-door.ts";
export { oclifPackage } from "./oclif-package.ts";
export { type CliParts, runCli } from "./run.ts";
export { SoloCommand } from "./solo-command.ts";
