import { string as argument } from "@oclif/core/args";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderLog } from "../../src/cli/render/index.ts";

export default class LogInspect extends SoloCommand {
  static override summary = "Show what a durable log holds: addresses, segments, named iterators";
  static override description = "Changes nothing, and may be used while the log is open.";
  static override examples = [
    "<%= config.bin %> log inspect ./data/log",
    "<%= config.bin %> log inspect ./data/log --json",
  ];
  static override args = { path: argument({ description: "Folder of the log", required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LogInspect);
    const store = await this.parts.store();
    await this.output(flags).result(await store.log.inspect(args.path, { full: false }), renderLog);
  }
}
