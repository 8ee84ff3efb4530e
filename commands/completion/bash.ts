import { completionScript } from "../../src/cli/completion/index.ts";
import { SoloCommand } from "../../src/cli/index.ts";

export default class CompletionBash extends SoloCommand {
  static override summary = "Print the completion script for bash";
  static override examples = ['eval "$(solo completion bash)"  # in ~/.bashrc'];

  async run(): Promise<void> {
    const { flags } = await this.parse(CompletionBash);
    await this.output(flags).result({ script: completionScript("bash") }, ({ script }) => script.trimEnd());
  }
}
