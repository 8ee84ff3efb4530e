import { boolean, option, string } from "@oclif/core/flags";
import { SoloError } from "../../src/api/index.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderSecretRekeyed } from "../../src/cli/render/index.ts";
import { hiddenLine, lineOf } from "../../src/cli/secret-input.ts";

export default class SecretsRekey extends SoloCommand {
  static override summary = "Seal all secrets anew, under new keys";
  static override description =
    "Every tenant gets a new data key, and the machine a new key that seals those. A crash leaves everything as it was, or all done. Values stay as they are: `solo secrets rotate` replaces one that somebody may have seen.";
  static override usage = "secrets rekey [FLAGS]";
  static override examples = [
    "<%= config.bin %> secrets rekey",
    "<%= config.bin %> secrets rekey --passphrase",
    "<%= config.bin %> secrets rekey --to file",
  ];
  static override flags = {
    to: option({
      options: ["file", "credential"] as const,
      description: "Seal by a key file, or by systemd's credential solo-secrets-key",
      exclusive: ["passphrase", "passphrase-file"],
    })(),
    passphrase: boolean({
      description: "Seal by a passphrase, asked for on the terminal or read from standard input",
      exclusive: ["passphrase-file"],
    }),
    "passphrase-file": string({ description: "Seal by the passphrase in a file", helpValue: "FILE" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(SecretsRekey);
    const session = await this.open(flags);
    const file = flags["passphrase-file"];
    const passphrase = file !== undefined ? lineOf(file) : flags.passphrase ? await newPassphrase() : undefined;
    const kernel = await session.writer();
    const done = await kernel.secretRekey({
      ...(flags.to !== undefined && { to: flags.to }),
      ...(passphrase !== undefined && { to: "passphrase", passphrase }),
    });
    await session.output.result(done, renderSecretRekeyed);
  }
}

async function newPassphrase(): Promise<string> {
  const first = await hiddenLine("New passphrase (not shown)");
  if (!process.stdin.isTTY || first === (await hiddenLine("Once more"))) return first;
  throw new SoloError("usage", "the two are not the same", { hint: "nothing was changed; try again" });
}
