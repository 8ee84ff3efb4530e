import { string as argument } from "@oclif/core/args";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderKeyValue } from "../../src/cli/render/index.ts";

export default class StoreInspect extends SoloCommand {
  static override summary = "Show what a key-value store holds: its log, sessions and checkpoints";
  static override description =
    "Changes nothing, and may be used while the store is open. Reads what opening would read; `store verify` reads all.";
  static override examples = [
    "<%= config.bin %> store inspect ./data/table",
    "<%= config.bin %> store inspect ./data/table --json",
  ];
  static override args = { path: argument({ description: "Folder of the store", required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StoreInspect);
    const { keyValue } = await this.parts.store();
    await this.output(flags).result(await keyValue.inspect(args.path, { full: false }), renderKeyValue);
  }
}
