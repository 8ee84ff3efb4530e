import { listContexts } from "../../src/cli/contexts.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderContexts } from "../../src/cli/render/index.ts";

export default class ContextList extends SoloCommand {
  static override summary = "List the kernels you work with; the current one is marked";
  static override examples = ["<%= config.bin %> context list", "<%= config.bin %> context list --json"];

  async run(): Promise<void> {
    const { flags } = await this.parse(ContextList);
    const { config, output } = await this.open(flags);
    await output.result(listContexts(config), renderContexts);
  }
}
