import { string as argument } from "@oclif/core/args";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderTenant } from "../../src/cli/render/index.ts";

export default class TenantShow extends SoloCommand {
  static override summary = "Show what a tenant uses beside its quotas, and which paths its deploys may name";
  static override usage = "tenant show [NAME] [FLAGS]";
  static override examples = ["<%= config.bin %> tenant show acme", "<%= config.bin %> tenant show acme --json"];
  static override args = { name: argument({ description: "Name of the tenant; by default that of --tenant" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TenantShow);
    const session = await this.open(flags);
    const tenant = args.name ?? session.tenant;
    await session.output.result(await (await session.kernel()).tenantShow({ tenant }), renderTenant);
  }
}
