import { string as argument } from "@oclif/core/args";
import { integer } from "@oclif/core/flags";
import { confirmLoss } from "../../src/cli/confirm.ts";
import { dryRunFlag, exitWith, SoloCommand } from "../../src/cli/index.ts";
import { renderLogTruncation } from "../../src/cli/render/index.ts";

const changesPending = 10;

export default class LogTruncate extends SoloCommand {
  static override summary = "Remove the oldest entries of a durable log, and the files that held them";
  static override description =
    "The entry that the address lies in the middle of stays. The log must not be open: its owner truncates it itself.";
  static override examples = ["<%= config.bin %> log truncate ./data/log --before 1048576 --yes"];
  static override args = { path: argument({ description: "Folder of the log", required: true }) };
  static override flags = {
    before: integer({
      description: "Address before which entries go, as told by `log inspect`",
      required: true,
      min: 0,
      helpValue: "ADDRESS",
    }),
    ...dryRunFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LogTruncate);
    const { log } = await this.parts.store();
    const output = this.output(flags);
    const would = await log.truncate(args.path, flags.before, { dryRun: true });
    const isChange = would.begin > would.previous_begin;
    if (flags["dry-run"] || !isChange) {
      await output.result(would, renderLogTruncation(flags["dry-run"]));
      return exitWith(flags["dry-run"] && isChange ? changesPending : 0);
    }
    await confirmLoss(`removes ${would.removed_entries} entries from ${would.path}`, flags);
    await output.result(await log.truncate(args.path, flags.before, { dryRun: false }), renderLogTruncation(false));
  }
}
