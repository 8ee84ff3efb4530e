import { string as argument } from "@oclif/core/args";
import { integer } from "@oclif/core/flags";
import { confirmLoss } from "../../src/cli/confirm.ts";
import {
  byteSize,
  dryRunFlag,
  duration,
  exitWith,
  SoloCommand,
  serviceIdFlag,
  serviceName,
} from "../../src/cli/index.ts";
import { renderCheckpointDeletion } from "../../src/cli/render/index.ts";

const changesPending = 10;

export default class CheckpointPrune extends SoloCommand {
  static override summary = "Delete checkpoints that needn't be kept, and the log behind the oldest";
  static override description =
    "What is kept follows from `state.keep` of the service and [checkpoints] of the configuration; flags go before them. The newest checkpoint always stays, and so does the one that the kept time begins from.";
  static override usage = "checkpoint prune NAME [FLAGS]";
  static override examples = [
    "<%= config.bin %> checkpoint prune shop --count 5 --yes",
    "<%= config.bin %> checkpoint prune shop --keep 1h --dry-run",
  ];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = {
    ...serviceIdFlag,
    keep: duration({ description: "Every point of so long a time stays restorable" }),
    count: integer({ description: "So many stay at most", min: 1, helpValue: "NUMBER" }),
    bytes: byteSize({ description: "Their files have so many bytes at most" }),
    ...dryRunFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CheckpointPrune);
    const session = await this.open(flags);
    const name = serviceName(args.name, flags["service-id"]);
    const { keep: keep_ms, count: keep_count, bytes: keep_bytes } = flags;
    const request = { tenant: session.tenant, name, keep_ms, keep_count, keep_bytes };
    const kernel = await session.writer(name);
    const would = await kernel.checkpointPrune({ ...request, dry_run: true });
    const isChange = would.deleted.length > 0;
    if (flags["dry-run"] || !isChange) {
      await session.output.result(would, renderCheckpointDeletion(flags["dry-run"]));
      return exitWith(flags["dry-run"] && isChange ? changesPending : 0);
    }
    await confirmLoss(`deletes ${would.deleted.length} checkpoints of ${name}`, flags);
    await session.output.result(await kernel.checkpointPrune(request), renderCheckpointDeletion(false));
  }
}
