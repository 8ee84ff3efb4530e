import { boolean } from "@oclif/core/flags";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderCapabilities } from "../../src/cli/render/index.ts";

export default class CapabilityList extends SoloCommand {
  static override summary = "List the capabilities of a tenant";
  static override description = "With a token (SOLO_TOKEN): its own capability, and what came from that.";
  static override examples = [
    "<%= config.bin %> capability list",
    "<%= config.bin %> capability list --all --tenant acme --json",
  ];
  static override flags = {
    all: boolean({ description: "Ended ones too, while they are remembered, and those of instances" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(CapabilityList);
    const session = await this.open(flags);
    const list = await (await session.kernel()).capabilities({ tenant: session.tenant, all: flags.all });
    await session.output.result(list, renderCapabilities);
  }
}
