import { string as argument } from "@oclif/core/args";
import { SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { renderSandbox } from "../../src/cli/render/index.ts";

export default class SandboxShow extends SoloCommand {
  static override summary = "Show what a service is confined to, and what this machine enforces";
  static override usage = "sandbox show NAME [FLAGS]";
  static override examples = ["<%= config.bin %> sandbox show web", "<%= config.bin %> sandbox show web --json"];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = { ...serviceIdFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SandboxShow);
    const session = await this.open(flags);
    const target = { tenant: session.tenant, name: serviceName(args.name, flags["service-id"]) };
    await session.output.result(await (await session.kernel()).sandbox(target), renderSandbox);
  }
}
