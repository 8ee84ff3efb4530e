import { CommandHelp, Help } from "@oclif/core/help";

/** oclif's help in the order of a reader: what it does, how it is called, examples, more about it, and only then flags. */
export class SoloHelp extends Help {
  protected override CommandHelpClass = ExamplesFirst;

  readonly #paragraphs: string[] = [];

  /** What was shown so far. */
  get text(): string {
    return this.#paragraphs.join("\n").trimEnd();
  }

  /** Kept instead of printed, so that help goes out in one piece, also as JSON. */
  protected override log(...words: string[]): void {
    this.#paragraphs.push(words.join(" "));
  }

  override formatRoot(): string {
    const examples = this.section("EXAMPLES", this.renderList(firstSteps, { indentation: 2, spacer: "\n" }));
    return `${super.formatRoot()}\n\n${examples}`;
  }
}

/** What someone who asks for help on nothing in particular may want to try. */
const firstSteps: [command: string, meaning: string][] = [
  ["$ solo init hello", "write a service"],
  ["$ solo deploy ./hello", "run it, and print its address"],
  ["$ solo status --watch", "see how everything is"],
  ["$ solo logs hello --follow", "read what it writes"],
  ["$ solo kill hello", "stop it, with all it started"],
  ["$ solo help deploy", "learn more about a command"],
];

const order = ["USAGE", "EXAMPLES", "DESCRIPTION", "ARGUMENTS", "FLAGS", "ALIASES"];

class ExamplesFirst extends CommandHelp {
  /** Without the summary, which stands at the top already. */
  protected override description(): string | undefined {
    const { description } = this.command;
    return description === undefined ? undefined : this.wrap(description);
  }

  /** Arguments; that there are flags is said once, and which ones below. */
  protected override defaultUsage(): string {
    const args = Object.values(this.command.args ?? {}).filter(({ hidden }) => !hidden);
    return [this.command.id, ...args.map((arg) => this.arg(arg)), "[FLAGS]"].join(" ");
  }

  /** One below the other. */
  protected override examples(examples: Parameters<CommandHelp["examples"]>[0]): string | undefined {
    return super.examples(examples)?.replaceAll("\n\n", "\n");
  }

  /** oclif trims a list as a whole, which moves its first flag to the left of all others. */
  override renderList(...[rows, options]: Parameters<CommandHelp["renderList"]>): string {
    const list = super.renderList(rows, options);
    const indentation = /^ */.exec(rows[0]?.[0] ?? "")?.[0] ?? "";
    return list.includes("\n\n") ? list : indentation + list;
  }

  protected override sections() {
    const rank = ({ header }: { readonly header: string }) => {
      const place = order.indexOf(header);
      return place === -1 ? order.length : place;
    };
    return super.sections().toSorted((one, other) => rank(one) - rank(other));
  }
}
