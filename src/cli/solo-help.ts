import { CommandHelp, Help } from "@oclif/core/help";

/** oclif's help with the examples right after the usage line: most readers need nothing else. */
export class SoloHelp extends Help {
  protected override CommandHelpClass = ExamplesFirst;
}

class ExamplesFirst extends CommandHelp {
  /** Without the summary, which stands at the top already. */
  protected override description(): string | undefined {
    const { description } = this.command;
    return description === undefined ? undefined : this.wrap(description);
  }

  protected override sections() {
    const sections = super.sections();
    const examples = sections.filter(({ header }) => header === "EXAMPLES");
    const [usage, ...others] = sections.filter(({ header }) => header !== "EXAMPLES");
    return [...(usage ? [usage] : []), ...examples, ...others];
  }
}
