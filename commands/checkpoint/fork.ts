import { string } from "@oclif/core/flags";
import { checkpointArguments, pointFlags, pointOf } from "../../src/cli/checkpoint-arguments.ts";
import { dryRunFlag, exitWith, SoloCommand, serviceIdFlag, serviceName, waitFlags } from "../../src/cli/index.ts";
import { renderCheckpointFork } from "../../src/cli/render/index.ts";

const changesPending = 10;

export default class CheckpointFork extends SoloCommand {
  static override summary = "Start a second service from a point of a service's past";
  static override description =
    "It runs the same revision, with a state and a log of its own; hosts beside NAME.localhost stay with the first one.";
  static override usage = "checkpoint fork NAME [ID] --as OTHER [FLAGS]";
  static override examples = [
    "<%= config.bin %> checkpoint fork shop latest --as shop-trial",
    "<%= config.bin %> checkpoint fork shop --to-time 1h --as shop-before",
  ];
  static override args = checkpointArguments;
  static override flags = {
    ...serviceIdFlag,
    as: string({ description: "Name of the second service", required: true, helpValue: "OTHER" }),
    ...pointFlags,
    ...waitFlags,
    ...dryRunFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CheckpointFork);
    const session = await this.open(flags);
    const name = serviceName(args.name, flags["service-id"]);
    const point = pointOf(args.id, flags);
    const kernel = await session.writer(name);
    const forked = await kernel.checkpointFork({
      tenant: session.tenant,
      name,
      as: serviceName(flags.as, undefined),
      ...point,
      wait: flags.wait,
      timeout_ms: session.timeoutMs,
      dry_run: flags["dry-run"],
    });
    for (const warning of forked.warnings) await session.output.note(`warning: ${warning}`);
    await session.output.result(forked, renderCheckpointFork);
    exitWith(flags["dry-run"] ? changesPending : 0);
  }
}
