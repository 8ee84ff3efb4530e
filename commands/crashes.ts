import { string as argument } from "@oclif/core/args";
import { SoloCommand, serviceIdFlag, serviceName } from "../src/cli/index.ts";
import { renderCrashes } from "../src/cli/render/index.ts";

export default class Crashes extends SoloCommand {
  static override summary = "Show how a service's processes died, with their last lines of output";
  static override description =
    "Of every process that ended with an error, by a signal or at a limit, without having been asked to stop. The latest 20 are kept.";
  static override usage = "crashes NAME [FLAGS]";
  static override examples = ["<%= config.bin %> crashes web", "<%= config.bin %> crashes web --json"];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = { ...serviceIdFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Crashes);
    const session = await this.open(flags);
    const target = { tenant: session.tenant, name: serviceName(args.name, flags["service-id"]) };
    await session.output.result(await (await session.reader()).crashes(target), renderCrashes);
  }
}
