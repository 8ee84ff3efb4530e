import { capabilityArgument, capabilityId } from "../../src/cli/flags/capability.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderCapability } from "../../src/cli/render/index.ts";

export default class CapabilityShow extends SoloCommand {
  static override summary = "Show a capability, without its token";
  static override usage = "capability show ID [FLAGS]";
  static override examples = ["<%= config.bin %> capability show cap-4f1d0c9a7b3e2d68"];
  static override args = capabilityArgument;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CapabilityShow);
    const session = await this.open(flags);
    const request = { tenant: session.tenant, id: capabilityId(args.id) };
    await session.output.result(await (await session.kernel()).capabilityShow(request), renderCapability);
  }
}
