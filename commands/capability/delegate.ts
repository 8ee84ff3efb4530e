import { string } from "@oclif/core/flags";
import { boundFlags, boundsOf, capabilityArgument, needed } from "../../src/cli/flags/capability.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderGranted } from "../../src/cli/render/index.ts";

export default class CapabilityDelegate extends SoloCommand {
  static override summary = "Make a capability from another one for somebody else, by name";
  static override description =
    "As attenuate, with the name of its holder, which lists, events and the audit trail show. A service that holds one (service:NAME) may use it in calls without its token.";
  static override usage = "capability delegate [ID] --to HOLDER [FLAGS]";
  static override examples = [
    "SOLO_TOKEN=solo_cap_… <%= config.bin %> capability delegate --to alice --permissions read,logs --ttl 1h",
    "<%= config.bin %> capability delegate cap-4f1d0c9a7b3e2d68 --to service:shop --permissions call:send",
  ];
  static override args = capabilityArgument;
  static override flags = {
    to: string({ description: "Its holder: a name, or service:NAME", helpValue: "HOLDER" }),
    ...boundFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CapabilityDelegate);
    const session = await this.open(flags);
    const holder = needed(flags.to, "to", "alice");
    const parent = args.id === undefined ? {} : { parent: args.id };
    const request = { tenant: session.tenant, ...parent, holder, ...boundsOf(flags) };
    await session.output.result(await (await session.kernel()).capabilityDelegate(request), renderGranted);
  }
}
