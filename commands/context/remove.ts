import { string as argument } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { removeNamedContext } from "../../src/cli/contexts.ts";
import { SoloCommand } from "../../src/cli/index.ts";

export default class ContextRemove extends SoloCommand {
  static override summary = "Forget a context";
  static override examples = ["<%= config.bin %> context remove prod", "<%= config.bin %> context remove prod --force"];
  static override args = { name: argument({ description: "Name of the context", required: true }) };
  static override flags = { force: boolean({ description: "Even if it is the current one" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextRemove);
    const { config, output } = await this.open(flags);
    const removed = await removeNamedContext(config, args.name, { force: flags.force || flags.yes });
    await output.result(removed, ({ name }, { style }) => `${style.green("removed")}  ${name}`);
  }
}
