import { string as argument } from "@oclif/core/args";
import { boolean, integer, string } from "@oclif/core/flags";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderSecretWritten } from "../../src/cli/render/index.ts";
import { secretInput, secretName } from "../../src/cli/secret-input.ts";

export default class SecretsRotate extends SoloCommand {
  static override summary = "Replace the value of a secret, also in running services";
  static override description =
    "The file of every running instance is replaced in one step, and `ctx.secrets.onChange` is told. An environment can't be changed: services that have it there keep the former value until they are restarted.";
  static override usage = "secrets rotate NAME [FLAGS]";
  static override examples = [
    "<%= config.bin %> secrets rotate SESSION_KEY --generate 32",
    "<%= config.bin %> secrets rotate API_KEY --file api.key --restart",
  ];
  static override args = {
    name: argument({ description: "Name of the secret", ignoreStdin: true }),
    value: argument({ hidden: true, ignoreStdin: true }),
  };
  static override flags = {
    file: string({ description: "File of the new value", helpValue: "FILE", exclusive: ["generate"] }),
    generate: integer({
      description: "Make the new value of so many random bytes, as text in base64url",
      min: 8,
      max: 1_024,
      helpValue: "BYTES",
    }),
    restart: boolean({ description: "Replace the instances of services that have it in their environment" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SecretsRotate);
    const secret = secretName(args.name, args.value);
    const session = await this.open(flags);
    const value =
      flags.generate === undefined
        ? await secretInput(flags.file, `New value of ${secret} (not shown)`)
        : { generate_bytes: flags.generate };
    const kernel = await session.writer();
    const { tenant, timeoutMs: timeout_ms } = session;
    const written = await kernel.secretRotate({ tenant, secret, ...value, restart: flags.restart, timeout_ms });
    await session.output.result(written, renderSecretWritten);
  }
}
