import { boolean, string } from "@oclif/core/flags";
import { roleNames } from "../src/api/role-names.ts";
import { dashboardAddress } from "../src/cli/doors/dashboard-address.ts";
import { duration } from "../src/cli/flags/global.ts";
import { SoloCommand } from "../src/cli/index.ts";
import { openBrowser } from "../src/cli/open-browser.ts";
import { renderDashboard } from "../src/cli/render/index.ts";
import { isInteractive } from "../src/cli/style.ts";

const hourMs = 3_600_000;

export default class Dashboard extends SoloCommand {
  static override summary = "Show where the dashboard is, with a token to sign in";
  static override description =
    "On a terminal it is opened in the browser. The token is for the tenant and for an hour, unless you say otherwise; who works with a token of their own (SOLO_TOKEN) signs in with that.";
  static override examples = ["<%= config.bin %> dashboard", "<%= config.bin %> dashboard --role viewer --ttl 8h"];
  static override flags = {
    role: string({ description: "The permissions of such work [default: admin]", options: [...roleNames] }),
    ttl: duration({ description: "How long the token is valid [default: 1h]" }),
    open: boolean({ description: "Open the browser, on a terminal", allowNo: true, default: true }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Dashboard);
    const session = await this.open(flags);
    const { tenant, output } = session;
    const kernel = await session.writer();
    const url = await dashboardAddress(session, kernel);
    const role = roleNames.find((name) => name === flags.role) ?? "admin";
    const request = { tenant, resource: "tenant", role, holder: "dashboard", ttl_ms: flags.ttl ?? hourMs };
    const granted = session.isOwner ? await kernel.capabilityGrant(request) : undefined;
    const document = {
      url,
      tenant,
      capability: granted?.id ?? null,
      token: granted?.token ?? null,
      expires: granted?.expires ?? null,
    };
    await output.result(document, renderDashboard);
    if (flags.open && !output.json && isInteractive(process.stdout)) await openBrowser(url);
  }
}
