import { string as argument } from "@oclif/core/args";
import { option } from "@oclif/core/flags";
import { effectStates } from "../../src/api/index.ts";
import { SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { renderEffects } from "../../src/cli/render/index.ts";

export default class EffectsList extends SoloCommand {
  static override summary = "List what a service did outside of itself, and what nobody knows the outcome of";
  static override description = "Effects of runs that have ended are forgotten, except unknown ones.";
  static override usage = "effects list NAME [FLAGS]";
  static override examples = [
    "<%= config.bin %> effects list shop",
    "<%= config.bin %> effects list shop --state unknown --json",
  ];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = {
    ...serviceIdFlag,
    state: option({ options: effectStates, description: "Only those in this state" })(),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EffectsList);
    const { state, ...others } = flags;
    const session = await this.open(others);
    const target = { tenant: session.tenant, name: serviceName(args.name, flags["service-id"]) };
    const kernel = await session.reader();
    const list = await kernel.effects({ ...target, ...(state !== undefined && { state }) });
    await session.output.result(list, renderEffects);
  }
}
