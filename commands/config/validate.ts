import { string as argument } from "@oclif/core/args";
import { exitWith, SoloCommand } from "../../src/cli/index.ts";
import { renderProblems } from "../../src/cli/render/index.ts";
import { validateFiles } from "../../src/cli/validate-files.ts";

const invalid = 2;

export default class ConfigValidate extends SoloCommand {
  static override summary = "Check configuration files, with the place of everything that is wrong";
  static override examples = [
    "<%= config.bin %> config validate",
    "<%= config.bin %> config validate solo.toml --json",
  ];
  static override args = { file: argument({ description: "File to check; by default the project's and the user's" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigValidate);
    const output = this.output(flags);
    const validation = await validateFiles({ file: args.file, config: flags.config });
    await output.result(validation, renderProblems);
    if (!validation.valid) exitWith(invalid);
  }
}
