import { completionScript } from "../../src/cli/completion/index.ts";
import { SoloCommand } from "../../src/cli/index.ts";

export default class CompletionZsh extends SoloCommand {
  static override summary = "Print the completion script for zsh";
  static override examples = ['eval "$(solo completion zsh)"  # in ~/.zshrc, after compinit'];

  async run(): Promise<void> {
    const { flags } = await this.parse(CompletionZsh);
    await this.output(flags).result({ script: completionScript("zsh") }, ({ script }) => script.trimEnd());
  }
}
