import { basename, resolve } from "node:path";
import { string as argument } from "@oclif/core/args";
import { option } from "@oclif/core/flags";
import { SoloError } from "../src/api/index.ts";
import { SoloCommand } from "../src/cli/index.ts";
import { scaffoldService, templateNames } from "../src/cli/scaffold/index.ts";

interface InitDocument {
  readonly service: string;
  readonly directory: string;
  readonly files: readonly string[];
}

export default class Init extends SoloCommand {
  static override summary = "Write a new service, with types that an editor resolves";
  static override examples = ["<%= config.bin %> init mailer", "<%= config.bin %> init mailer --template worker"];
  static override args = {
    folder: argument({ description: "Folder to write; its name becomes the service's", required: true }),
  };
  static override flags = {
    template: option({ options: templateNames, description: "What the service does" })({ default: "service" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Init);
    const { output } = await this.open(flags);
    if (args.folder === "")
      throw new SoloError("usage", "FOLDER is empty", { hint: "`solo init hello` writes a service" });
    const directory = resolve(args.folder);
    const service = basename(directory);
    const files = scaffoldService({ directory, name: service, template: flags.template });
    await output.result<InitDocument>({ service, directory, files }, render);
  }
}

function render({ directory, files }: InitDocument): string {
  return [`wrote ${files.join(", ")} in ${directory}`, `next: cd ${directory} && solo deploy -f solo.toml`].join("\n");
}
