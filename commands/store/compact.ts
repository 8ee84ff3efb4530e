import { string as argument } from "@oclif/core/args";
import { confirmLoss } from "../../src/cli/confirm.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderKeyValueCompaction } from "../../src/cli/render/index.ts";

export default class StoreCompact extends SoloCommand {
  static override summary = "Free the space of a key-value store's replaced and deleted values";
  static override description =
    "Moves what is alive to the end of the log, a segment at a time, and gives back the space before it. Nothing is lost but the store's own checkpoints, which need the old log: it asks when there are any. The store must not be open: its owner compacts it itself.";
  static override examples = [
    "<%= config.bin %> store compact ./data/table",
    "<%= config.bin %> store compact ./data/table --yes --json",
  ];
  static override args = { path: argument({ description: "Folder of the store", required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StoreCompact);
    const { keyValue } = await this.parts.store();
    const { checkpoints, live, path } = await keyValue.inspect(args.path, { full: false });
    if (checkpoints.length > 0 && !live)
      await confirmLoss(`removes ${checkpoints.length} checkpoints of ${path}`, flags);
    await this.output(flags).result(await keyValue.compact(args.path), renderKeyValueCompaction);
  }
}
