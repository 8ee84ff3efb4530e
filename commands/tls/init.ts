import { boolean } from "@oclif/core/flags";
import {
  clientCertificateFlags,
  clientDays,
  daysOf,
  roleOf,
  serverCertificateFlags,
  serverDays,
} from "../../src/cli/flags/certificate.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderTlsCreated } from "../../src/cli/render/index.ts";

export default class TlsInit extends SoloCommand {
  static override summary = "Make the certificates with which the kernel's APIs speak TLS";
  static override description =
    "An authority, a certificate of the kernel, and one of a first client, called admin, which is for the tenant that --tenant names. Keys can be read by you alone. The kernel serves HTTPS from its next start on; `security.require_mtls` makes it ask every client for a certificate.";
  static override examples = [
    "<%= config.bin %> tls init",
    "<%= config.bin %> tls init --host solo.example.com --host 10.0.0.5",
  ];
  static override flags = {
    ...serverCertificateFlags,
    role: clientCertificateFlags.role,
    force: boolean({ description: "Make all anew; certificates of before count no more" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TlsInit);
    const { role, force, host = [], ...others } = flags;
    const session = await this.open(others);
    session.requireLocal("the folder of certificates");
    const client = { name: "admin", tenant: session.tenant, role: roleOf(role), days: daysOf(undefined, clientDays) };
    const tls = await this.parts.tls();
    const made = tls.init(session.config.paths.tls, { hosts: host, days: serverDays, client, force });
    await session.output.result(made, renderTlsCreated);
  }
}
