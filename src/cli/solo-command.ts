import type { Interfaces } from "@oclif/core";
import { Command } from "@oclif/core/command";
import { SoloError } from "../api/index.ts";
import { globalFlags } from "./global-flags.ts";
import { openSession, type Session } from "./session.ts";
import { SoloConfig } from "./solo-config.ts";

export type GlobalFlags = Interfaces.InferredFlags<typeof globalFlags>;

/** What every command shares: global flags, a session made from them, and one way to fail (see `failure.ts`). */
export abstract class SoloCommand extends Command {
  static override baseFlags = globalFlags;

  /** Runs the command as it was handed over, without loading oclif's configuration a second time. */
  static override async run<T extends Command>(
    this: new (
      argv: string[],
      config: Interfaces.Config,
    ) => T,
    argv?: string[],
    options?: Interfaces.LoadOptions,
  ): Promise<ReturnType<T["run"]>> {
    if (!(options instanceof SoloConfig)) throw new SoloError("internal", "a command was run outside of runCli");
    const command = new this(argv ?? [], options);
    return command.run();
  }

  /** Where output goes and which kernel is meant, from flags, environment and configuration. */
  protected async open(flags: GlobalFlags & { timeout?: string | undefined }): Promise<Session> {
    if (!(this.config instanceof SoloConfig)) throw new SoloError("internal", "a command was run outside of runCli");
    return openSession(flags, this.config.parts.kernel);
  }
}
