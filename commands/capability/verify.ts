import { string } from "@oclif/core/flags";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderCapability } from "../../src/cli/render/index.ts";
import { hiddenLine } from "../../src/cli/secret-input.ts";

export default class CapabilityVerify extends SoloCommand {
  static override summary = "Check whether a token allows something, without using it";
  static override description =
    "The token comes from standard input; a terminal asks for it. Exit code 4 when it is not valid, or does not allow that.";
  static override examples = [
    "echo $TOKEN | <%= config.bin %> capability verify",
    "<%= config.bin %> capability verify --permission deploy --resource service:shop < token",
  ];
  static override flags = {
    permission: string({ description: "What it is to allow, such as deploy or call:add", helpValue: "PERMISSION" }),
    resource: string({ description: "What on [default: the whole of what it is for]", helpValue: "RESOURCE" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(CapabilityVerify);
    const session = await this.open(flags);
    const { permission, resource } = flags;
    const request = {
      tenant: session.tenant,
      token: await hiddenLine("Token (not shown)"),
      ...(permission !== undefined && { permission }),
      ...(resource !== undefined && { resource }),
    };
    await session.output.result(await (await session.kernel()).capabilityVerify(request), renderCapability);
  }
}
