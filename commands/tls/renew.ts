import { serverCertificateFlags, serverDays } from "../../src/cli/flags/certificate.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderCertificates } from "../../src/cli/render/index.ts";

export default class TlsRenew extends SoloCommand {
  static override summary = "Make a new certificate of the kernel, by the authority that there is";
  static override description =
    "A kernel that runs takes it up within seconds and drops no connection; clients need nothing new. It is for the hosts that are given here.";
  static override examples = ["<%= config.bin %> tls renew", "<%= config.bin %> tls renew --host solo.example.com"];
  static override flags = { ...serverCertificateFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(TlsRenew);
    const { host = [], ...others } = flags;
    const session = await this.open(others);
    session.requireLocal("the folder of certificates");
    const tls = await this.parts.tls();
    const made = tls.renew(session.config.paths.tls, { hosts: host, days: serverDays });
    await session.output.result(made, renderCertificates);
  }
}
