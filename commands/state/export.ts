import { string as argument } from "@oclif/core/args";
import { string } from "@oclif/core/flags";
import { onInterruption, SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";

export default class StateExport extends SoloCommand {
  static override summary = "Write a service's state to standard output, one JSON object per line";
  static override description = "What it held at one moment, in the order of the keys. `state import` reads it.";
  static override usage = "state export NAME [FLAGS]";
  static override examples = ["<%= config.bin %> state export shop > shop.ndjson"];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = {
    ...serviceIdFlag,
    prefix: string({ description: "Only keys that begin with this", helpValue: "TEXT" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StateExport);
    const session = await this.open(flags);
    const interruption = onInterruption();
    const request = {
      tenant: session.tenant,
      name: serviceName(args.name, flags["service-id"]),
      ...(flags.prefix !== undefined && { prefix: flags.prefix }),
    };
    const entries = (await session.reader()).stateScan(request, interruption.signal);
    for await (const { key, value } of entries) {
      await session.output.element({ key, value }, (line) => JSON.stringify(line));
    }
    interruption.check();
  }
}
