export { beginningFlags, beginningOf } from "./beginning.ts";
export type { DaemonOptions, ForegroundKernel, KernelDoor } from "./doors/kernel.ts";
export type { McpDoor } from "./doors/mcp.ts";
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
} from "./doors/store.ts";
export type { TlsDoor } from "./doors/tls.ts";
export { exitWith } from "./exit-with.ts";
export { byteSize, dryRunFlag, duration, serviceIdFlag, waitFlags } from "./flags/global.ts";
export type { CommandModule, CommandTable } from "./oclif/command-table.ts";
export { oclifPackage } from "./oclif/package.ts";
export { SoloCommand } from "./oclif/solo-command.ts";
export { splitAtSeparator } from "./oclif/split-at-separator.ts";
export { type CliParts, runCli } from "./run.ts";
export { nameGivenOnce, optionalServiceName, serviceName } from "./service-name.ts";
export type { Session } from "./session.ts";
export { followProgress } from "./streams/follow-progress.ts";
export { followStream } from "./streams/follow-stream.ts";
export { onInterruption } from "./streams/interruption.ts";
export type { View } from "./view.ts";
