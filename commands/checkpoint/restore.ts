import { checkpointArguments, pointFlags, pointOf } from "../../src/cli/checkpoint-arguments.ts";
import { confirmLoss } from "../../src/cli/confirm.ts";
import { dryRunFlag, exitWith, SoloCommand, serviceIdFlag, serviceName, waitFlags } from "../../src/cli/index.ts";
import { renderCheckpointRestore } from "../../src/cli/render/index.ts";

const changesPending = 10;

export default class CheckpointRestore extends SoloCommand {
  static override summary = "Set the state of a service to a point of its past";
  static override description =
    "To a checkpoint, or to any position or time that checkpoints and log still cover. The state before is kept as a checkpoint first; the service's instances are stopped meanwhile and started again. Files of the state that can't be read are set aside, and a checkpoint takes their place.";
  static override usage = "checkpoint restore NAME [ID] [FLAGS]";
  static override examples = [
    "<%= config.bin %> checkpoint restore shop latest --yes",
    "<%= config.bin %> checkpoint restore shop --to-time 10m --yes",
    "<%= config.bin %> checkpoint restore shop --to-position 1200 --dry-run",
  ];
  static override args = checkpointArguments;
  static override flags = { ...serviceIdFlag, ...pointFlags, ...waitFlags, ...dryRunFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CheckpointRestore);
    const session = await this.open(flags);
    const name = serviceName(args.name, flags["service-id"]);
    const point = pointOf(args.id, flags);
    if (!flags["dry-run"]) await confirmLoss(`sets the state of ${name} back and restarts it`, flags);
    const kernel = await session.writer(name);
    const restored = await kernel.checkpointRestore({
      tenant: session.tenant,
      name,
      ...point,
      wait: flags.wait,
      timeout_ms: session.timeoutMs,
      dry_run: flags["dry-run"],
    });
    for (const warning of restored.warnings) await session.output.note(`warning: ${warning}`);
    await session.output.result(restored, renderCheckpointRestore);
    exitWith(flags["dry-run"] ? changesPending : 0);
  }
}
