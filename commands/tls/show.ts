import { SoloCommand } from "../../src/cli/index.ts";
import { renderCertificates } from "../../src/cli/render/index.ts";

export default class TlsShow extends SoloCommand {
  static override summary = "Show the certificates that there are: whose, for which tenant, until when";
  static override examples = ["<%= config.bin %> tls show", "<%= config.bin %> tls show --json"];

  async run(): Promise<void> {
    const { flags } = await this.parse(TlsShow);
    const session = await this.open(flags);
    session.requireLocal("the folder of certificates");
    const tls = await this.parts.tls();
    await session.output.result(tls.show(session.config.paths.tls), renderCertificates);
  }
}
