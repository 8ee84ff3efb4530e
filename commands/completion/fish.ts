import { completionScript } from "../../src/cli/completion/index.ts";
import { SoloCommand } from "../../src/cli/index.ts";

export default class CompletionFish extends SoloCommand {
  static override summary = "Print the completion script for fish";
  static override examples = ["solo completion fish > ~/.config/fish/completions/solo.fish"];

  async run(): Promise<void> {
    const { flags } = await this.parse(CompletionFish);
    await this.output(flags).result({ script: completionScript("fish") }, ({ script }) => script.trimEnd());
  }
}
