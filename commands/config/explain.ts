import { string as argument } from "@oclif/core/args";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderExplanation } from "../../src/cli/render/index.ts";

export default class ConfigExplain extends SoloCommand {
  static override summary = "Tell where a setting's value comes from";
  static override examples = [
    "<%= config.bin %> config explain solo.data_dir",
    "<%= config.bin %> config explain defaults.tenant --json",
  ];
  static override args = { key: argument({ description: "Setting, such as solo.data_dir", required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigExplain);
    const { config, output } = await this.open(flags);
    await output.result(config.explain(args.key), renderExplanation);
  }
}
