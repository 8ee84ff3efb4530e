import { string as argument } from "@oclif/core/args";
import { SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { type SandboxSuggestion, suggestSandbox } from "../../src/cli/sandbox-suggestion.ts";

export default class CapabilitySuggest extends SoloCommand {
  static override summary = "Suggest what a service's sandbox should allow, from what it was refused";
  static override description =
    "Prints what is declared, and what the service's own words tell that it was refused since then, as lines for its solo.toml. A service that stops at its first refusal shows the next one only when it gets further: deploy what is suggested, and ask again.";
  static override usage = "capability suggest NAME [FLAGS]";
  static override examples = ["<%= config.bin %> capability suggest web >> solo.toml"];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = { ...serviceIdFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(CapabilitySuggest);
    const session = await this.open(flags);
    const target = { tenant: session.tenant, name: serviceName(args.name, flags["service-id"]) };
    const suggestion = suggestSandbox(await (await session.kernel()).sandbox(target));
    await session.output.result(suggestion, ({ toml }: SandboxSuggestion) => toml);
    for (const text of suggestion.unclear) await session.output.note(`not named in its words: ${text}`);
  }
}
