import { string as argument } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { formatSize } from "../../src/api/units.ts";
import { confirmLoss } from "../../src/cli/confirm.ts";
import { exitWith, SoloCommand } from "../../src/cli/index.ts";
import { renderKeyValueCheck, renderKeyValueRepair } from "../../src/cli/render/index.ts";

export default class StoreVerify extends SoloCommand {
  static override summary = "Read and check every page, commit and checkpoint of a key-value store";
  static override description =
    "Changes nothing, and may be used while the store is open. Names each damaged place, and ends with 1 when there is one. With --repair the store, which must not be open, goes back to its newest state that is whole; damaged checkpoints are set aside.";
  static override examples = [
    "<%= config.bin %> store verify ./data/table",
    "<%= config.bin %> store verify ./data/table --repair --yes",
  ];
  static override args = { path: argument({ description: "Folder of the store", required: true }) };
  static override flags = { repair: boolean({ description: "Give up what is damaged, for good" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StoreVerify);
    const output = this.output(flags);
    const { keyValue } = await this.parts.store();
    const found = await keyValue.inspect(args.path, { full: true });
    if (!flags.repair || found.state !== "damaged") {
      await output.result(found, renderKeyValueCheck);
      return exitWith(found.state === "damaged" ? 1 : 0);
    }
    const would = await keyValue.repair(args.path, { dryRun: true });
    const aside = `sets ${would.set_aside_checkpoints.length} checkpoints of ${would.path} aside`;
    await confirmLoss(`${aside} and loses ${formatSize(would.lost_bytes)} of its log`, flags);
    await output.result(await keyValue.repair(args.path, { dryRun: false }), renderKeyValueRepair);
    const left = await keyValue.inspect(args.path, { full: true });
    return exitWith(left.state === "damaged" ? 1 : 0);
  }
}
