import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { string as argument } from "@oclif/core/args";
import { SoloError } from "../../src/api/error.ts";
import type { SoloApi } from "../../src/api/index.ts";
import { bring, contentOf, fileNameOf } from "../../src/cli/bring.ts";
import { servicePath } from "../../src/cli/deploy/index.ts";
import { dryRunFlag, exitWith, type Session, SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
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
    file: argument({ description: "The file; with --context, one of this machine is brought to the kernel's" }),
  };
  static override flags = { ...serviceIdFlag, ...dryRunFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CheckpointImport);
    const session = await this.open(flags);
    const name = serviceName(args.name, flags["service-id"]);
    if (args.file === undefined) throw new SoloError("usage", "missing argument FILE");
    const kernel = await session.writer(name);
    const file = await importedFile(args.file, kernel, session);
    const request = { tenant: session.tenant, name, file, dry_run: flags["dry-run"] };
    await session.output.result(await kernel.checkpointImport(request), renderCheckpointImport(flags["dry-run"]));
    exitWith(flags["dry-run"] ? changesPending : 0);
  }
}

/** For a kernel elsewhere a file of this machine is brought there; what is not here is meant to be there. */
async function importedFile(file: string, kernel: SoloApi, session: Session): Promise<string> {
  if (session.isLocal) return resolve(file);
  if (!existsSync(file)) return servicePath(file, "FILE", session);
  return bring({ file: fileNameOf(file), content: await contentOf(file), executable: false }, kernel, session);
}
