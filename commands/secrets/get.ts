import { string as argument } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { SoloError } from "../../src/api/index.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { secretName } from "../../src/cli/secret-input.ts";
import { writeAll } from "../../src/cli/streams/write-all.ts";

export default class SecretsGet extends SoloCommand {
  static override summary = "Print the value of a secret";
  static override description =
    "Byte for byte, without a newline behind it; a terminal shows it only with --reveal. That it was read is recorded as an event.";
  static override usage = "secrets get NAME [FLAGS]";
  static override examples = [
    "<%= config.bin %> secrets get API_KEY | wl-copy",
    "<%= config.bin %> secrets get API_KEY --reveal",
  ];
  static override args = { name: argument({ description: "Name of the secret", ignoreStdin: true }) };
  static override flags = { reveal: boolean({ description: "Show it on a terminal" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SecretsGet);
    const secret = secretName(args.name);
    const session = await this.open(flags);
    if (process.stdout.isTTY && !flags.reveal) {
      throw new SoloError("usage", `${secret} is not shown on a terminal`, {
        hint: "repeat the command with --reveal, or send its output to where the value is needed",
      });
    }
    const kernel = await session.writer();
    const document = await kernel.secretGet({ tenant: session.tenant, secret });
    if (session.output.json) return session.output.result(document, () => "");
    const value = Buffer.from(document.value, document.encoding);
    await writeAll(process.stdout, process.stdout.isTTY ? Buffer.concat([value, Buffer.from("\n")]) : value);
  }
}
