import { string } from "@oclif/core/flags";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderSecretUnlocked } from "../../src/cli/render/index.ts";
import { hiddenLine, lineOf } from "../../src/cli/secret-input.ts";

export default class SecretsUnlock extends SoloCommand {
  static override summary = "Give a new kernel the passphrase that seals the secrets";
  static override description =
    "Needed once after each start of the kernel, unless `secrets.passphrase_file` has it read the passphrase. Until then services with secrets can't be started; those that run are not touched.";
  static override usage = "secrets unlock [FLAGS]";
  static override examples = ["<%= config.bin %> secrets unlock"];
  static override flags = {
    "passphrase-file": string({ description: "File of the passphrase", helpValue: "FILE" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(SecretsUnlock);
    const session = await this.open(flags);
    const file = flags["passphrase-file"];
    const passphrase = file === undefined ? await hiddenLine("Passphrase of the secrets (not shown)") : lineOf(file);
    const kernel = await session.writer();
    await session.output.result(await kernel.secretUnlock({ passphrase }), renderSecretUnlocked);
  }
}
