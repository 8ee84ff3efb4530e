import { string as argument } from "@oclif/core/args";
import { SoloCommand, serviceIdFlag, serviceName } from "../src/cli/index.ts";
import { renderWhy } from "../src/cli/render/index.ts";

export default class Why extends SoloCommand {
  static override summary = "Show why a service was restarted, rolled back or stopped the last time";
  static override description = "From what happened back to its root: every line is what caused the one above it.";
  static override usage = "why NAME [FLAGS]";
  static override examples = ["<%= config.bin %> why web", "<%= config.bin %> why web --json"];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = { ...serviceIdFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Why);
    const session = await this.open(flags);
    const target = { tenant: session.tenant, name: serviceName(args.name, flags["service-id"]) };
    await session.output.result(await (await session.reader()).why(target), renderWhy);
  }
}
