import { string as argument } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { confirmLoss } from "../../src/cli/confirm.ts";
import { exitWith, SoloCommand } from "../../src/cli/index.ts";
import { renderLogCheck, renderLogRepair } from "../../src/cli/render/index.ts";

export default class LogVerify extends SoloCommand {
  static override summary = "Read and check every entry of a durable log";
  static override description =
    "Changes nothing, and may be used while the log is open. Ends with 1 when entries are lost. With --repair the log, which must not be open, is cut at the first damaged entry.";
  static override examples = [
    "<%= config.bin %> log verify ./data/log",
    "<%= config.bin %> log verify ./data/log --repair --yes",
  ];
  static override args = { path: argument({ description: "Folder of the log", required: true }) };
  static override flags = { repair: boolean({ description: "Cut the log at the first damaged entry, for good" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LogVerify);
    const output = this.output(flags);
    const { log } = await this.parts.store();
    const found = await log.inspect(args.path, { full: true });
    if (!flags.repair || found.state === "clean") {
      await output.result(found, renderLogCheck);
      return exitWith(found.state === "damaged" ? 1 : 0);
    }
    await confirmLoss(`cuts ${found.path} at address ${found.end} and loses what lies behind`, flags);
    await output.result(await log.repair(args.path), renderLogRepair);
  }
}
