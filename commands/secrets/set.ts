import { string as argument } from "@oclif/core/args";
import { string } from "@oclif/core/flags";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderSecretWritten } from "../../src/cli/render/index.ts";
import { secretInput, secretName } from "../../src/cli/secret-input.ts";

export default class SecretsSet extends SoloCommand {
  static override summary = "Keep a secret, and give it to the running services that ask for it";
  static override description =
    "The value comes from standard input, without a newline at its end, or from a file, byte for byte; a terminal asks for it. Services ask for a secret by `secrets` in solo.toml, or `deploy --secret`.";
  static override usage = "secrets set NAME [FLAGS]";
  static override examples = [
    "pass show api | <%= config.bin %> secrets set API_KEY",
    "<%= config.bin %> secrets set TLS_KEY --file server.key",
  ];
  static override args = {
    name: argument({ description: "Name of the secret", ignoreStdin: true }),
    value: argument({ hidden: true, ignoreStdin: true }),
  };
  static override flags = { file: string({ description: "File of the value", helpValue: "FILE" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SecretsSet);
    const secret = secretName(args.name, args.value);
    const session = await this.open(flags);
    const input = await secretInput(flags.file, `Value of ${secret} (not shown)`);
    const kernel = await session.writer();
    const written = await kernel.secretSet({ tenant: session.tenant, secret, ...input });
    await session.output.result(written, renderSecretWritten);
  }
}
