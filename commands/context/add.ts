import { string as argument } from "@oclif/core/args";
import { string } from "@oclif/core/flags";
import { addNamedContext } from "../../src/cli/contexts.ts";
import { SoloCommand } from "../../src/cli/index.ts";

export default class ContextAdd extends SoloCommand {
  static override summary = "Name a kernel on another machine";
  static override examples = [
    "<%= config.bin %> context add prod https://solo.example.com:8443 --token-file ~/.solo-token",
    "<%= config.bin %> context add lab https://10.0.0.5:8443 --ca ca.pem --cert me.pem --key me.key",
  ];
  static override args = {
    name: argument({ description: "Name of the context", required: true }),
    url: argument({ description: "https://HOST:PORT, or unix:///PATH", required: true }),
  };
  static override flags = {
    "token-file": string({ description: "File with the bearer token", helpValue: "FILE" }),
    ca: string({ description: "Authority that signed the kernel's certificate (PEM)", helpValue: "FILE" }),
    cert: string({ description: "Client certificate (PEM)", helpValue: "FILE" }),
    key: string({ description: "Key of the client certificate (PEM)", helpValue: "FILE" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextAdd);
    const { config, output } = await this.open(flags);
    const { name, url } = args;
    const added = await addNamedContext(config, {
      name,
      url,
      token_file: flags["token-file"],
      ca: flags.ca,
      cert: flags.cert,
      key: flags.key,
    });
    await output.result(
      added,
      (context, { style }) =>
        `${style.green("added")}  ${context.name}  ${style.dim(`\`solo context use ${context.name}\` makes it current`)}`,
    );
  }
}
