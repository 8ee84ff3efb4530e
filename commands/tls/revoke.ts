import { string as argument } from "@oclif/core/args";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderRevokedCertificate } from "../../src/cli/render/index.ts";

export default class TlsRevoke extends SoloCommand {
  static override summary = "End one client's certificate before its time";
  static override description =
    "A kernel that runs takes no new connection with it from now on, and ends those that are open within seconds. It can't be undone; `solo tls client NAME --force` makes the client a new one. The others' stay as they are. A certificate whose file is not here is named by its serial number or SHA-256, or as the audit trail names it.";
  static override examples = [
    "<%= config.bin %> tls revoke ci",
    "<%= config.bin %> tls revoke 5f2a9c0d1e3b4a59687f0a1b2c3d4e5f",
    "<%= config.bin %> tls revoke certificate-9a3f00c1d2e4b5a6",
  ];
  static override args = {
    certificate: argument({
      description: "Name of the client, or its certificate's serial number or SHA-256",
      required: true,
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TlsRevoke);
    const session = await this.open(flags);
    session.requireLocal("the folder of certificates");
    const tls = await this.parts.tls();
    await session.output.result(tls.revoke(session.config.paths.tls, args.certificate), renderRevokedCertificate);
  }
}
