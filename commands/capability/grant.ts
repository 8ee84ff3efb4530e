import { string } from "@oclif/core/flags";
import { boundFlags, boundsOf, needed } from "../../src/cli/flags/capability.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderGranted } from "../../src/cli/render/index.ts";

export default class CapabilityGrant extends SoloCommand {
  static override summary = "Grant a capability, and show its token this once";
  static override description =
    "Whoever shows the token may do what it allows, until it expires or is revoked. What somebody grants who has a capability (SOLO_TOKEN) comes from that one: it allows no more, and ends with it.";
  static override examples = [
    "<%= config.bin %> capability grant --resource service:shop --role viewer --ttl 1h",
    "<%= config.bin %> capability grant --resource tenant --role ci --json",
    "<%= config.bin %> capability grant --resource service:mailer --permissions call:send --holder service:shop",
  ];
  static override flags = {
    ...boundFlags,
    holder: string({ description: "Who it is for; service:NAME may use it without its token", helpValue: "NAME" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(CapabilityGrant);
    const session = await this.open(flags);
    const resource = needed(flags.resource, "resource", "service:shop");
    if (flags.role === undefined) needed(flags.permissions, "permissions", "read,logs (or --role viewer)");
    const { holder } = flags;
    const request = { tenant: session.tenant, ...boundsOf(flags), resource, ...(holder !== undefined && { holder }) };
    const granted = await (await session.writer()).capabilityGrant(request);
    await session.output.result(granted, renderGranted);
  }
}
