import { SoloCommand } from "../../src/cli/index.ts";
import { renderTenants } from "../../src/cli/render/index.ts";

export default class TenantList extends SoloCommand {
  static override summary = "List the tenants with what each uses beside its quotas";
  static override description =
    "Quotas are in the kernel's configuration: [tenants.NAME]. Only who may read all tenants has this list.";
  static override examples = ["<%= config.bin %> tenant list", "<%= config.bin %> tenant list --json"];

  async run(): Promise<void> {
    const { flags } = await this.parse(TenantList);
    const session = await this.open(flags);
    await session.output.result(await (await session.kernel()).tenantList({}), renderTenants);
  }
}
