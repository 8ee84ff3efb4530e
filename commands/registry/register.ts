import { string as argument } from "@oclif/core/args";
import { string } from "@oclif/core/flags";
import { duration } from "../../src/cli/flags/global.ts";
import { fieldsOf, providedName } from "../../src/cli/flags/registry.ts";
import { SoloCommand } from "../../src/cli/index.ts";
import { renderRegistered } from "../../src/cli/render/index.ts";
import { optionalServiceName } from "../../src/cli/service-name.ts";

export default class RegistryRegister extends SoloCommand {
  static override summary = "Register what a service provides, on this machine or elsewhere";
  static override description =
    "Registered again by the same service, it is replaced. Services of this kernel need not be registered: `provides` in solo.toml says what they are found by.";
  static override usage = "registry register NAME [FLAGS]";
  static override examples = [
    "<%= config.bin %> registry register payments --url https://pay.example.com/ --metadata region=eu",
    "<%= config.bin %> registry register cache --service-id redis --version 7.4.0 --ttl 30s --json",
  ];
  static override args = { name: argument({ description: "Name that it is found by", ignoreStdin: true }) };
  static override flags = {
    "service-id": string({ description: "Who provides it [default: NAME]", helpValue: "ID" }),
    version: string({ description: "Its version [default: 1.0.0]", helpValue: "VERSION" }),
    metadata: string({
      description: "What it can be filtered by; may be given several times",
      helpValue: "KEY=VALUE",
      multiple: true,
      multipleNonGreedy: true,
    }),
    url: string({ description: "Where it answers", helpValue: "URL" }),
    ttl: duration({ description: "How long it stays unless it is renewed [default: until it is unregistered]" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RegistryRegister);
    const service_name = providedName(args.name);
    const service_id = optionalServiceName(undefined, flags["service-id"]) ?? service_name;
    const { version, url, ttl } = flags;
    const metadata = fieldsOf(flags.metadata, "metadata");
    const session = await this.open(flags);
    const registered = await (await session.writer()).registryRegister({
      ...{ tenant: session.tenant, service_id, service_name, metadata },
      ...(version !== undefined && { version }),
      ...(url !== undefined && { url }),
      ...(ttl !== undefined && { ttl_ms: ttl }),
    });
    await session.output.result(registered, renderRegistered);
  }
}
