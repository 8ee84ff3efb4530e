import { resolve } from "node:path";
import { string } from "@oclif/core/flags";
import { checkpointArguments, checkpointId } from "../../src/cli/checkpoint-arguments.ts";
import { servicePath } from "../../src/cli/deploy/index.ts";
import { SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { renderCheckpointExport } from "../../src/cli/render/index.ts";

export default class CheckpointExport extends SoloCommand {
  static override summary = "Write a checkpoint into one portable file";
  static override description =
    "The kernel writes it, on its machine (to an absolute path there with --context), after checking the checkpoint. A file that exists stays.";
  static override usage = "checkpoint export NAME ID [FLAGS]";
  static override examples = ["<%= config.bin %> checkpoint export shop latest --output shop.checkpoint"];
  static override args = checkpointArguments;
  static override flags = {
    ...serviceIdFlag,
    output: string({ char: "o", description: "The file [default: NAME-ID.checkpoint]", helpValue: "FILE" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CheckpointExport);
    const session = await this.open(flags);
    const target = { tenant: session.tenant, name: serviceName(args.name, flags["service-id"]) };
    // A kernel elsewhere writes it on its own machine.
    const given =
      flags.output === undefined && session.isLocal
        ? undefined
        : servicePath(flags.output ?? `${target.name}.checkpoint`, "--output", session);
    const kernel = await session.writer(target.name);
    const { id } = await kernel.checkpointShow({ ...target, id: checkpointId(args.id) });
    const file = given ?? resolve(`${target.name}-${id}.checkpoint`);
    await session.output.result(await kernel.checkpointExport({ ...target, id, file }), renderCheckpointExport);
  }
}
