import { resolve } from "node:path";
import { string } from "@oclif/core/flags";
import { checkpointArguments, checkpointId } from "../../src/cli/checkpoint-arguments.ts";
import { downloadCheckpoint } from "../../src/cli/download-checkpoint.ts";
import { SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { renderCheckpointExport } from "../../src/cli/render/index.ts";

export default class CheckpointExport extends SoloCommand {
  static override summary = "Write a checkpoint into one portable file";
  static override description =
    "All of the checkpoint is checked first. With --context it is brought here from the kernel's machine. A file that exists stays.";
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
    const kernel = await session.writer(target.name);
    const { copies: _, ...checkpoint } = await kernel.checkpointShow({ ...target, id: checkpointId(args.id) });
    const { id } = checkpoint;
    const file = resolve(flags.output ?? `${target.name}-${id}.checkpoint`);
    // This machine's kernel writes it itself.
    if (session.isLocal) await kernel.checkpointExport({ ...target, id, file });
    else await downloadCheckpoint(kernel, { ...target, id }, file);
    await session.output.result({ ...checkpoint, file }, renderCheckpointExport);
  }
}
