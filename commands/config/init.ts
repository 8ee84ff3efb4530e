import { string as argument } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { writeExampleConfig } from "../../src/cli/example-config.ts";
import { SoloCommand } from "../../src/cli/index.ts";

export default class ConfigInit extends SoloCommand {
  static override summary = "Write a configuration file with every key, its default and what it means";
  static override examples = ["<%= config.bin %> config init", "<%= config.bin %> config init --print"];
  static override args = { file: argument({ description: "Where to; by default the user's configuration file" }) };
  static override flags = {
    print: boolean({ description: "Print it instead of writing it" }),
    force: boolean({ description: "Replace a file that is there already" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigInit);
    const output = this.output(flags);
    const written = await writeExampleConfig({
      file: args.file ?? flags.config,
      print: flags.print,
      force: flags.force || flags.yes,
    });
    await output.result(written, ({ file, text }, { style }) =>
      file === null ? text.trimEnd() : `${style.green("written")}  ${file}`,
    );
  }
}
