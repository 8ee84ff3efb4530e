import { capabilityArgument, capabilityId } from "../../src/cli/flags/capability.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderRevoked } from "../../src/cli/render/index.ts";

export default class CapabilityRevoke extends SoloCommand {
  static override summary = "End a capability, and all that came from it, at once";
  static override description = "Streams that run by one of them end too. Again is harmless.";
  static override usage = "capability revoke ID [FLAGS]";
  static override examples = ["<%= config.bin %> capability revoke cap-4f1d0c9a7b3e2d68"];
  static override args = capabilityArgument;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CapabilityRevoke);
    const session = await this.open(flags);
    const request = { tenant: session.tenant, id: capabilityId(args.id) };
    await session.output.result(await (await session.writer()).capabilityRevoke(request), renderRevoked);
  }
}
