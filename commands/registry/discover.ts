import { string as argument } from "@oclif/core/args";
import { string } from "@oclif/core/flags";
import { fieldsOf, providedName } from "../../src/cli/flags/registry.ts";
import { exitWith, SoloCommand } from "../../src/cli/index.ts";
import { renderRegistry } from "../../src/cli/render/index.ts";

/** As `status` says of a service that does not run. */
const noneAlive = 3;

export default class RegistryDiscover extends SoloCommand {
  static override summary = "Find what provides a name";
  static override description = "Those that are alive come first. Exit code 3 when none is.";
  static override usage = "registry discover NAME [FLAGS]";
  static override examples = [
    "<%= config.bin %> registry discover payments",
    "<%= config.bin %> registry discover payments --filter region=eu --filter tier=gold --json",
  ];
  static override args = { name: argument({ description: "Name that is provided", ignoreStdin: true }) };
  static override flags = {
    filter: string({
      description: "Only with exactly this in the metadata; several must all be there",
      helpValue: "KEY=VALUE",
      multiple: true,
      multipleNonGreedy: true,
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RegistryDiscover);
    const request = { service_name: providedName(args.name), filters: fieldsOf(flags.filter, "filter") };
    const session = await this.open(flags);
    const found = await (await session.reader()).registryDiscover({ tenant: session.tenant, ...request });
    await session.output.result(found, renderRegistry);
    exitWith(found.services.some(({ alive }) => alive) ? 0 : noneAlive);
  }
}
