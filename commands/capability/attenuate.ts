import { boundFlags, boundsOf, capabilityArgument } from "../../src/cli/flags/capability.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderGranted } from "../../src/cli/render/index.ts";

export default class CapabilityAttenuate extends SoloCommand {
  static override summary = "Make a capability that allows less than another one";
  static override description =
    "Without ID it comes from the one whose token is used (SOLO_TOKEN). What is left out stays as it is; nothing can be widened. It ends with the one that it comes from.";
  static override usage = "capability attenuate [ID] [FLAGS]";
  static override examples = [
    "SOLO_TOKEN=solo_cap_… <%= config.bin %> capability attenuate --permissions read --ttl 10m",
    "<%= config.bin %> capability attenuate cap-4f1d0c9a7b3e2d68 --permissions call:list --calls 100",
  ];
  static override args = capabilityArgument;
  static override flags = boundFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CapabilityAttenuate);
    const session = await this.open(flags);
    const parent = args.id === undefined ? {} : { parent: args.id };
    const request = { tenant: session.tenant, ...parent, ...boundsOf(flags) };
    await session.output.result(await (await session.kernel()).capabilityAttenuate(request), renderGranted);
  }
}
