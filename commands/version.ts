import type { VersionDocument } from "../src/api/index.ts";
import { SoloCommand } from "../src/cli/index.ts";
import { build } from "../src/system/index.ts";

export default class Version extends SoloCommand {
  static override summary = "Show which build of Solo this is";
  static override examples = ["<%= config.bin %> version", "<%= config.bin %> version --json"];

  async run(): Promise<void> {
    const { flags } = await this.parse(Version);
    const { output } = await this.open(flags);
    const document: VersionDocument = {
      name: "solo",
      version: build.version,
      commit: build.commit,
      platform: `${process.platform}-${process.arch}`,
      runtime: `bun ${Bun.version}`,
    };
    await output.result(document, render);
  }
}

function render({ name, version, commit, platform, runtime }: VersionDocument): string {
  return `${name} ${version} (${commit}) ${platform} ${runtime}`;
}
