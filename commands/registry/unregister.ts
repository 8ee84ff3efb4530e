import { handleArgument, handleOf } from "../../src/cli/flags/registry.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderUnregistered } from "../../src/cli/render/index.ts";

export default class RegistryUnregister extends SoloCommand {
  static override summary = "End a registration";
  static override usage = "registry unregister HANDLE [FLAGS]";
  static override examples = ["<%= config.bin %> registry unregister 4f1d0c9a7b3e2d684f1d0c9a7b3e2d68"];
  static override args = handleArgument;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RegistryUnregister);
    const handle = handleOf(args.handle);
    const session = await this.open(flags);
    const kernel = await session.writer();
    await session.output.result(
      await kernel.registryUnregister({ tenant: session.tenant, handle }),
      renderUnregistered,
    );
  }
}
