import { string as argument } from "@oclif/core/args";
import { string } from "@oclif/core/flags";
import { SoloCommand, serviceIdFlag } from "../src/cli/index.ts";
import { nameAndWords, parseJsonArgument } from "../src/cli/name-and-words.ts";
import { renderSignal } from "../src/cli/render/index.ts";

export default class Signal extends SoloCommand {
  static override summary = "Send a service a durable signal, for which it waits now or later";
  static override description =
    "Done means that it is on disk: exactly one `ctx.waitFor(SIGNAL)` gets it, even if service and kernel die meanwhile.";
  static override usage = "signal NAME SIGNAL [JSON] [FLAGS]";
  static override examples = [
    `<%= config.bin %> signal shop approved '{"by": "ann"}' --run order-7`,
    "<%= config.bin %> signal shop wake-up",
  ];
  static override args = {
    name: argument({ description: "Name of the service" }),
    signal: argument({ description: "Name of the signal" }),
    value: argument({ description: "JSON; null without it" }),
  };
  static override flags = {
    ...serviceIdFlag,
    run: string({ description: "Id of the run that waits for it; without it, the service's own" }),
    id: string({ description: "Names this signal, so that sending it again changes nothing" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Signal);
    const { run, id, ...others } = flags;
    const session = await this.open(others);
    const given = [args.name, args.signal, args.value];
    const { name, words } = nameAndWords(given, flags["service-id"], ["SIGNAL", "[JSON]"]);
    const [signal = "", json] = words;
    const kernel = await session.kernel();
    const result = await kernel.signal({
      tenant: session.tenant,
      name,
      signal,
      ...(json !== undefined && { value: parseJsonArgument("the value", json) }),
      ...(run !== undefined && { run }),
      ...(id !== undefined && { id }),
    });
    await session.output.result(result, renderSignal);
  }
}
