import type { Interfaces } from "@oclif/core";
import { Command } from "@oclif/core/command";
import { SoloError } from "../api/index.ts";
import { globalFlags } from "./global-flags.ts";
import type { Output } from "./output.ts";
import type { CliParts } from "./run.ts";
import { openSession, outputOf, type Session } from "./session.ts";
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

  /** Where output goes, for commands that must work however broken the configuration is. */
  protected output(flags: Pick<GlobalFlags, "json" | "quiet">): Output {
    return outputOf(flags);
  }

  /** Where output goes and which kernel is meant, from flags, environment and configuration. */
  protected async open(flags: Parameters<typeof openSession>[0]): Promise<Session> {
    return openSession(flags, this.parts.kernel);
  }

  /** Prints the help of a command or topic, as words; of everything without any. */
  protected async showHelpOf(words: readonly string[], output: Output): Promise<void> {
    const { loadFullConfig, showHelp } = await import("./long-way.ts");
    await showHelp(await loadFullConfig(this.parts), words, output);
  }

  /** What `runCli` was given. */
  protected get parts(): CliParts {
    if (!(this.config instanceof SoloConfig)) throw new SoloError("internal", "a command was run outside of runCli");
    return this.config.parts;
  }
}
