import { checkpointArguments, checkpointId } from "../../src/cli/checkpoint-arguments.ts";
import { exitWith, SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { renderCheckpointVerification } from "../../src/cli/render/index.ts";

export default class CheckpointVerify extends SoloCommand {
  static override summary = "Read every copy of a checkpoint whole and check it";
  static override description = "Ends with 1 when no copy can be used, and changes nothing.";
  static override usage = "checkpoint verify NAME ID [FLAGS]";
  static override examples = ["<%= config.bin %> checkpoint verify shop latest"];
  static override args = checkpointArguments;
  static override flags = { ...serviceIdFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CheckpointVerify);
    const session = await this.open(flags);
    const target = { tenant: session.tenant, name: serviceName(args.name, flags["service-id"]) };
    const found = await (await session.reader()).checkpointVerify({ ...target, id: checkpointId(args.id) });
    await session.output.result(found, renderCheckpointVerification);
    exitWith(found.state === "damaged" ? 1 : 0);
  }
}
