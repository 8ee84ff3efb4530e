import { resolve } from "node:path";
import { string as argument } from "@oclif/core/args";
import { SoloError } from "../../src/api/error.ts";
import { dryRunFlag, exitWith, SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { renderCheckpointImport } from "../../src/cli/render/index.ts";

const changesPending = 10;

export default class CheckpointImport extends SoloCommand {
  static override summary = "Take a checkpoint from a file that `checkpoint export` wrote";
  static override description =
    "All of it is checked before anything is touched. It joins the checkpoints of the service, whose state stays as it is: `checkpoint restore` goes there.";
  static override usage = "checkpoint import NAME FILE [FLAGS]";
  static override examples = [
    "<%= config.bin %> checkpoint import shop shop.checkpoint",
    "<%= config.bin %> checkpoint import shop shop.checkpoint --dry-run",
  ];
  static override args = {
    name: argument({ description: "Name of the service" }),
    file: argument({ description: "The file, on the kernel's machine" }),
  };
  static override flags = { ...serviceIdFlag, ...dryRunFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CheckpointImport);
    const session = await this.open(flags);
    const name = serviceName(args.name, flags["service-id"]);
    if (args.file === undefined) throw new SoloError("usage", "missing argument FILE");
    const kernel = await session.writer(name);
    const request = { tenant: session.tenant, name, file: resolve(args.file), dry_run: flags["dry-run"] };
    await session.output.result(await kernel.checkpointImport(request), renderCheckpointImport(flags["dry-run"]));
    exitWith(flags["dry-run"] ? changesPending : 0);
  }
}
