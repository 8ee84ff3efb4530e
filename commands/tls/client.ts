import { string as argument } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { clientCertificateFlags, clientDays, daysOf, roleOf } from "../../src/cli/flags/certificate.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderCertificate } from "../../src/cli/render/index.ts";

export default class TlsClient extends SoloCommand {
  static override summary = "Make a certificate for one more client";
  static override description =
    "It is bound to the tenant that --tenant names , whatever token is shown beside it. Without a token it allows what its role does; with --role none, nothing.";
  static override examples = [
    "<%= config.bin %> tls client ci --tenant acme --role ci --days 90d",
    "<%= config.bin %> tls client ops --all-tenants --role admin",
  ];
  static override args = { name: argument({ description: "Name of the client, and of its files", required: true }) };
  static override flags = {
    ...clientCertificateFlags,
    "all-tenants": boolean({ description: "Bind it to no tenant, instead of --tenant" }),
    force: boolean({ description: "Replace the one of that name" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TlsClient);
    const { role, days, force, "all-tenants": all, ...others } = flags;
    const session = await this.open(others);
    session.requireLocal("the folder of certificates");
    const tenant = all ? "*" : session.tenant;
    const tls = await this.parts.tls();
    const request = { name: args.name, tenant, role: roleOf(role), days: daysOf(days, clientDays), force };
    await session.output.result(tls.issueClient(session.config.paths.tls, request), renderCertificate);
  }
}
