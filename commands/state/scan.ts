import { string as argument } from "@oclif/core/args";
import { integer, string } from "@oclif/core/flags";
import { onInterruption, SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { renderStateEntry } from "../../src/cli/render/index.ts";

export default class StateScan extends SoloCommand {
  static override summary = "List keys of a service's state with their values, as they are at one moment";
  static override usage = "state scan NAME [FLAGS]";
  static override examples = [
    "<%= config.bin %> state scan shop --prefix order: --limit 10",
    "<%= config.bin %> state scan shop --after order:99 --json",
  ];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = {
    ...serviceIdFlag,
    prefix: string({ description: "Only keys that begin with this", helpValue: "TEXT" }),
    after: string({ description: "Only keys behind this one", helpValue: "KEY" }),
    limit: integer({ description: "At most so many", min: 1, helpValue: "COUNT" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StateScan);
    const session = await this.open(flags);
    const interruption = onInterruption();
    const request = {
      tenant: session.tenant,
      name: serviceName(args.name, flags["service-id"]),
      ...(flags.prefix !== undefined && { prefix: flags.prefix }),
      ...(flags.after !== undefined && { after: flags.after }),
      ...(flags.limit !== undefined && { limit: flags.limit }),
    };
    const entries = (await session.reader()).stateScan(request, interruption.signal);
    for await (const entry of entries) await session.output.element(entry, renderStateEntry);
    interruption.check();
  }
}
