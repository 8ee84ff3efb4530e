export { beginningFlags, beginningOf } from "./beginning.ts";
export type { CommandModule, CommandTable } from "./command-table.ts";
export { exitWith } from "./exit-with.ts";
export { followProgress } from "./follow-progress.ts";
export { followStream } from "./follow-stream.ts";
export { byteSize, dryRunFlag, duration, serviceIdFlag, waitFlags } from "./global-flags.ts";
export { onInterruption } from "./interruption.ts";
export type { DaemonOptions, ForegroundKernel, KernelDoor } from "./kernel-door.ts";
export type { McpDoor } from "./mcp-door.ts";
export { oclifPackage } from "./oclif-package.ts";
export { type CliParts, runCli } from "./run.ts";
export { nameGivenOnce, optionalServiceName, serviceName } from "./service-name.ts";
export type { Session } from "./session.ts";
export { SoloCommand } from "./solo-command.ts";
export { splitAtSeparator } from "./split-at-separator.ts";
export type {
  KeyValueCheckpoint,
  KeyValueCompactDocument,
  KeyValueDocument,
  KeyValueDoor,
  KeyValueRepairDocument,
  KeyValueStatsDocument,
  LogDocument,
  LogDoor,
  LogStatsDocument,
  StoreDoor,
} from "./store-door.ts";
export type { TlsDoor } from "./tls-door.ts";
export type { View } from "./view.ts";
