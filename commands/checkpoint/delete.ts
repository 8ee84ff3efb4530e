import { checkpointArguments, checkpointId } from "../../src/cli/checkpoint-arguments.ts";
import { confirmLoss } from "../../src/cli/confirm.ts";
import { dryRunFlag, exitWith, SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { renderCheckpointDeletion } from "../../src/cli/render/index.ts";

const changesPending = 10;

export default class CheckpointDelete extends SoloCommand {
  static override summary = "Delete a checkpoint, every copy of it";
  static override usage = "checkpoint delete NAME ID [FLAGS]";
  static override examples = ["<%= config.bin %> checkpoint delete shop 20261121-130509-k3x9p2 --yes"];
  static override args = checkpointArguments;
  static override flags = { ...serviceIdFlag, ...dryRunFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CheckpointDelete);
    const session = await this.open(flags);
    const name = serviceName(args.name, flags["service-id"]);
    const id = checkpointId(args.id);
    const isDryRun = flags["dry-run"];
    if (!isDryRun) await confirmLoss(`deletes checkpoint ${id} of ${name}`, flags);
    const kernel = await session.writer(name);
    const request = { tenant: session.tenant, name, id, dry_run: isDryRun };
    await session.output.result(await kernel.checkpointDelete(request), renderCheckpointDeletion(isDryRun));
    exitWith(isDryRun ? changesPending : 0);
  }
}
