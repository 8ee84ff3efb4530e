import { SoloCommand } from "../src/cli/index.ts";
import { renderServiceList } from "../src/cli/render/index.ts";

export default class List extends SoloCommand {
  static override summary = "List services with their state";
  static override aliases = ["ls", "ps"];
  static override examples = ["<%= config.bin %> list", "<%= config.bin %> list --json --tenant acme"];

  async run(): Promise<void> {
    const { flags } = await this.parse(List);
    const session = await this.open(flags);
    const kernel = await session.reader();
    const { tenant, output } = session;
    if (output.json) await output.resultJson(await kernel.listJson({ tenant }));
    else await output.result(await kernel.list({ tenant }), renderServiceList);
  }
}
