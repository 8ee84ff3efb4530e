import { string as argument } from "@oclif/core/args";
import { SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { remarksOn, type SandboxSuggestion, suggestSandbox } from "../../src/cli/sandbox-suggestion.ts";

export default class CapabilitySuggest extends SoloCommand {
  static override summary = "Suggest the least that a service's sandbox should allow";
  static override description =
    'Prints lines for its solo.toml. Of a service in audit mode (sandbox.mode = "audit", or --sandbox-audit) they are what it was seen to use: let it do all that it does first. Of another one they are what is declared, and what its own words tell that it was refused; one that stops at its first refusal shows the next one only when it gets further.';
  static override usage = "capability suggest NAME [FLAGS]";
  static override examples = [
    "<%= config.bin %> deploy api.ts --sandbox-audit",
    "<%= config.bin %> capability suggest api >> solo.toml",
  ];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = { ...serviceIdFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CapabilitySuggest);
    const session = await this.open(flags);
    const target = { tenant: session.tenant, name: serviceName(args.name, flags["service-id"]) };
    const suggestion = suggestSandbox(await (await session.kernel()).sandbox(target));
    await session.output.result(suggestion, ({ toml }: SandboxSuggestion) => toml);
    for (const remark of remarksOn(suggestion)) await session.output.note(remark);
  }
}
