import { string as argument } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { confirmLoss } from "../src/cli/confirm.ts";
import { dryRunFlag, exitWith, SoloCommand, serviceIdFlag, serviceName } from "../src/cli/index.ts";
import { renderRemoval } from "../src/cli/render/index.ts";

const changesPending = 10;

export default class Remove extends SoloCommand {
  static override aliases = ["rm"];
  static override summary =
    "Remove a service for good: its state, checkpoints, files, logs, crash reports and revisions";
  static override description =
    "A service that runs is refused unless --force stops it first, in order. `solo kill` stops one and keeps everything. Events and the audit trail still tell of it afterwards; folders of its own that lie elsewhere stay.";
  static override usage = "remove NAME [FLAGS]";
  static override examples = ["<%= config.bin %> remove web --dry-run", "<%= config.bin %> remove web --force --yes"];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = {
    ...serviceIdFlag,
    force: boolean({ description: "Stop it first, if it runs" }),
    ...dryRunFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Remove);
    const session = await this.open(flags);
    const name = serviceName(args.name, flags["service-id"]);
    const isDryRun = flags["dry-run"];
    if (!isDryRun) await confirmLoss(`removes ${name} with its state, checkpoints, files and logs`, flags);
    const kernel = await session.writer(name);
    const request = { tenant: session.tenant, name, force: flags.force, dry_run: isDryRun };
    await session.output.result(await kernel.remove(request), renderRemoval(isDryRun));
    exitWith(isDryRun ? changesPending : 0);
  }
}
