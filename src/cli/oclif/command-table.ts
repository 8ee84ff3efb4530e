import type { Interfaces } from "@oclif/core";
import type { Invocation } from "./solo-command.ts";

export interface CommandModule {
  readonly default: { run(invocation: Invocation): Promise<void> };
}

/**
 * Every command by its id (`config:show`), each loaded only when it is asked for. The binary has no files to look for
 * commands in, so its table is made when it is built; in development the table is read from `commands/`.
 */
export interface CommandTable {
  /** The module of exactly this id or alias, if there is one. */
  find(id: string): (() => Promise<CommandModule>) | undefined;
  /** What help and did-you-mean need to know about every command, without loading any in the binary. */
  manifest(): Promise<Interfaces.Manifest>;
}
