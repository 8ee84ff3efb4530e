import type { Command, Interfaces } from "@oclif/core";
import { globalFlags } from "../flags/global.ts";
import type { Output } from "../output.ts";
import { type Parsed, parsePlain } from "../parse/plain.ts";
import type { CliParts } from "../run.ts";
import { openSession, outputOf, type Session } from "../session.ts";

export type GlobalFlags = Interfaces.InferredFlags<typeof globalFlags>;

type Flags = Interfaces.OutputFlags<Interfaces.FlagInput>;
type Args = Interfaces.OutputArgs<Interfaces.ArgInput>;

/** One run of a command. */
export interface Invocation {
  /** The command's id, such as `config:show`. */
  readonly id: string;
  /** What follows the command's words. */
  readonly argv: readonly string[];
  readonly parts: CliParts;
}

/**
 * What every command shares: global flags, a session made from them, and one way to fail (see `failure.ts`). A command is
 * described as oclif wants it, which shows its help and checks its command line; oclif's own base class is left out, because
 * loading it takes longer than most commands.
 */
export abstract class SoloCommand {
  static summary: string | undefined;
  static description: string | undefined;
  static usage: string | string[] | undefined;
  static examples: Command.Example[] = [];
  static aliases: string[] = [];
  static args: Interfaces.ArgInput = {};
  static flags: Interfaces.FlagInput = {};
  static baseFlags = globalFlags;
  static hidden = false;
  static strict = true;

  /** What follows the command's words. */
  protected readonly argv: readonly string[];
  /** What `runCli` was given. */
  protected readonly parts: CliParts;
  readonly #id: string;

  constructor({ id, argv, parts }: Invocation) {
    this.#id = id;
    this.argv = argv;
    this.parts = parts;
  }

  static async run(this: new (invocation: Invocation) => SoloCommand, invocation: Invocation): Promise<void> {
    await new this(invocation).run();
  }

  abstract run(): Promise<void>;

  /**
   * The flags and arguments of a command.
   * @throws SoloError `usage`
   */
  protected async parse<F extends Flags, B extends Flags, A extends Args>(
    input: Interfaces.Input<F, B, A>,
    argv = this.argv,
  ): Promise<Parsed<F, B, A>> {
    const { flags, baseFlags, args = {}, strict = true } = input;
    const plain = strict ? await parsePlain({ flags: { ...baseFlags, ...flags }, args }, argv) : undefined;
    return plain ?? (await import("../parse/full.ts")).parseFully(input, argv, this.#id);
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
    const { loadFullConfig, showHelp } = await import("../long-way.ts");
    await showHelp(await loadFullConfig(this.parts), words, output);
  }
}
