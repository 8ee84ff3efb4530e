import { string as argument } from "@oclif/core/args";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderKeyValueStats } from "../../src/cli/render/index.ts";

export default class StoreStats extends SoloCommand {
  static override summary = "Count the keys of a key-value store: sizes, space that could be freed";
  static override description = "Reads all keys. Changes nothing, and may be used while the store is open.";
  static override examples = [
    "<%= config.bin %> store stats ./data/table",
    "<%= config.bin %> store stats ./data/table --json",
  ];
  static override args = { path: argument({ description: "Folder of the store", required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StoreStats);
    const { keyValue } = await this.parts.store();
    await this.output(flags).result(await keyValue.stats(args.path), renderKeyValueStats);
  }
}
