import { string as argument } from "@oclif/core/args";
import { chooseNamedContext } from "../../src/cli/contexts.ts";
import { SoloCommand } from "../../src/cli/index.ts";

export default class ContextUse extends SoloCommand {
  static override summary = "Make a context the current one";
  static override examples = ["<%= config.bin %> context use prod", "<%= config.bin %> context use local"];
  static override args = {
    name: argument({ description: 'Name of the context; "local" is this machine', required: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextUse);
    const { config, output } = await this.open(flags);
    await output.result(
      await chooseNamedContext(config, args.name),
      ({ name }, { style }) => `${style.green("current")}  ${name}`,
    );
  }
}
