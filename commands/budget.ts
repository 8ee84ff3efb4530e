import { string as argument } from "@oclif/core/args";
import { SoloCommand, serviceIdFlag, serviceName } from "../src/cli/index.ts";
import { renderBudget } from "../src/cli/render/index.ts";

export default class Budget extends SoloCommand {
  static override summary = "Show what a service has used of its budget";
  static override usage = "budget NAME [FLAGS]";
  static override examples = ["<%= config.bin %> budget agent", "<%= config.bin %> budget agent --json"];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = { ...serviceIdFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Budget);
    const session = await this.open(flags);
    const target = { tenant: session.tenant, name: serviceName(args.name, flags["service-id"]) };
    await session.output.result(await (await session.reader()).budget(target), renderBudget);
  }
}
