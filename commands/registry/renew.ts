import { handleArgument, handleOf } from "../../src/cli/flags/registry.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderRegistered } from "../../src/cli/render/index.ts";

export default class RegistryRenew extends SoloCommand {
  static override summary = "Give a registration its whole lifetime again";
  static override usage = "registry renew HANDLE [FLAGS]";
  static override examples = ["<%= config.bin %> registry renew 4f1d0c9a7b3e2d684f1d0c9a7b3e2d68"];
  static override args = handleArgument;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RegistryRenew);
    const handle = handleOf(args.handle);
    const session = await this.open(flags);
    const kernel = await session.writer();
    await session.output.result(await kernel.registryRenew({ tenant: session.tenant, handle }), renderRegistered);
  }
}
