import { candidates, nameSource, readTypedLine } from "../../src/cli/completion/index.ts";
import { SoloCommand, splitAtSeparator } from "../../src/cli/index.ts";

/** What the completion scripts call at every press of Tab. */
export default class CompletionWords extends SoloCommand {
  static override summary = "List what may stand at the end of a command line";
  static override hidden = true;
  static override examples = ["<%= config.bin %> completion words -- logs w"];

  async run(): Promise<void> {
    const { own, program } = splitAtSeparator(this.argv);
    const { flags } = await this.parse(CompletionWords, own);
    const words = program.length > 0 ? program : [""];
    const found = await candidates(
      words,
      await this.parts.commands.manifest(),
      nameSource(() => this.open({ ...flags, ...readTypedLine(words).globals })),
    );
    await this.output(flags).result({ words: found }, (list) =>
      list.words.map(({ word, description }) => (description === "" ? word : `${word}\t${description}`)).join("\n"),
    );
  }
}
