import { string as argument } from "@oclif/core/args";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderLogStats } from "../../src/cli/render/index.ts";

export default class LogStats extends SoloCommand {
  static override summary = "Count the entries of a durable log: sizes, overhead, space that could be freed";
  static override description = "Reads all entries. Changes nothing, and may be used while the log is open.";
  static override examples = [
    "<%= config.bin %> log stats ./data/log",
    "<%= config.bin %> log stats ./data/log --json",
  ];
  static override args = { path: argument({ description: "Folder of the log", required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LogStats);
    const { log } = await this.parts.store();
    await this.output(flags).result(await log.stats(args.path), renderLogStats);
  }
}
