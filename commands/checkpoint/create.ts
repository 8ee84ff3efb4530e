import { string as argument } from "@oclif/core/args";
import { SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { renderCheckpoint } from "../../src/cli/render/index.ts";

export default class CheckpointCreate extends SoloCommand {
  static override summary = "Keep the present state of a service";
  static override description =
    "The service goes on meanwhile. Checkpoints are made by themselves too: on an interval, before an update and a restore, when the kernel stops, and when the log grows long.";
  static override usage = "checkpoint create NAME [FLAGS]";
  static override examples = [
    "<%= config.bin %> checkpoint create shop",
    "<%= config.bin %> checkpoint create shop --json",
  ];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = { ...serviceIdFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CheckpointCreate);
    const session = await this.open(flags);
    const name = serviceName(args.name, flags["service-id"]);
    const kernel = await session.writer(name);
    const made = await kernel.checkpointCreate({ tenant: session.tenant, name });
    await session.output.result(made, renderCheckpoint);
  }
}
