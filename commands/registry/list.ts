import { string as argument } from "@oclif/core/args";
import { optionalProvidedName } from "../../src/cli/flags/registry.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderRegistry } from "../../src/cli/render/index.ts";

export default class RegistryList extends SoloCommand {
  static override summary = "List what services provide, all or under one name";
  static override description =
    "What services declare with `provides` in solo.toml, and what was registered beside that and has not expired.";
  static override usage = "registry list [NAME] [FLAGS]";
  static override examples = ["<%= config.bin %> registry list", "<%= config.bin %> registry list payments --json"];
  static override args = { name: argument({ description: "Name that is provided", ignoreStdin: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RegistryList);
    const service_name = optionalProvidedName(args.name);
    const session = await this.open(flags);
    const request = { tenant: session.tenant, ...(service_name !== undefined && { service_name }) };
    await session.output.result(await (await session.reader()).registryList(request), renderRegistry);
  }
}
