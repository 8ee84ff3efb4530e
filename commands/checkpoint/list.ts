import { string as argument } from "@oclif/core/args";
import { SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { renderCheckpointList } from "../../src/cli/render/index.ts";

export default class CheckpointList extends SoloCommand {
  static override summary = "List the checkpoints of a service";
  static override usage = "checkpoint list NAME [FLAGS]";
  static override examples = [
    "<%= config.bin %> checkpoint list shop",
    "<%= config.bin %> checkpoint list shop --json",
  ];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = { ...serviceIdFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CheckpointList);
    const session = await this.open(flags);
    const name = serviceName(args.name, flags["service-id"]);
    const list = await (await session.reader()).checkpoints({ tenant: session.tenant, name });
    await session.output.result(list, renderCheckpointList);
  }
}
