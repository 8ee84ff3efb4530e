import { SoloCommand } from "../../src/cli/index.ts";
import { renderFacts } from "../../src/cli/render/index.ts";

export default class ConfigShow extends SoloCommand {
  static override summary = "Show every setting in effect";
  static override examples = ["<%= config.bin %> config show", "<%= config.bin %> config show --json"];

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigShow);
    const { config, output } = await this.open(flags);
    await output.result(config.show(), (sections, view) => {
      const facts = Object.entries(sections).flatMap(([section, values]) =>
        Object.entries(values).map(([key, value]) => [`${section}.${key}`, String(value)] as const),
      );
      return renderFacts(facts, view);
    });
  }
}
