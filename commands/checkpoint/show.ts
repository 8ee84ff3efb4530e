import { checkpointArguments, checkpointId } from "../../src/cli/checkpoint-arguments.ts";
import { SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { renderCheckpointDetail } from "../../src/cli/render/index.ts";

export default class CheckpointShow extends SoloCommand {
  static override summary = "Show what a checkpoint's header says, and where its copies lie";
  static override usage = "checkpoint show NAME ID [FLAGS]";
  static override examples = ["<%= config.bin %> checkpoint show shop latest"];
  static override args = checkpointArguments;
  static override flags = { ...serviceIdFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CheckpointShow);
    const session = await this.open(flags);
    const target = { tenant: session.tenant, name: serviceName(args.name, flags["service-id"]) };
    const detail = await (await session.reader()).checkpointShow({ ...target, id: checkpointId(args.id) });
    await session.output.result(detail, renderCheckpointDetail);
  }
}
