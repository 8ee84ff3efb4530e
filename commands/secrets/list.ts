import { SoloCommand } from "../../src/cli/index.ts";
import { renderSecrets } from "../../src/cli/render/index.ts";

export default class SecretsList extends SoloCommand {
  static override summary = "List the secrets of a tenant, without their values";
  static override examples = ["<%= config.bin %> secrets list", "<%= config.bin %> secrets list --json"];

  async run(): Promise<void> {
    const { flags } = await this.parse(SecretsList);
    const session = await this.open(flags);
    const kernel = await session.reader();
    await session.output.result(await kernel.secretList({ tenant: session.tenant }), renderSecrets);
  }
}
