import { exitCodes } from "../src/api/index.ts";
import { SoloCommand } from "../src/cli/index.ts";
import { renderExitCodes } from "../src/cli/render/index.ts";

export default class Help extends SoloCommand {
  static override summary = "Show help for a command or topic";
  static override usage = ["help [COMMAND]", "help exit-codes"];
  static override examples = [
    "<%= config.bin %> help deploy",
    "<%= config.bin %> help config show",
    "<%= config.bin %> help exit-codes --json",
  ];
  static override strict = false;

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Help);
    const words = argv.map(String);
    if (words.join(" ") === "exit-codes") {
      await this.output(flags).result({ exit_codes: exitCodes }, renderExitCodes);
    } else {
      await this.showHelpOf(words, this.output(flags));
    }
  }
}
