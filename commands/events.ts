import { string as argument } from "@oclif/core/args";
import { boolean, integer, string } from "@oclif/core/flags";
import { onInterruption, optionalServiceName, parseMoment, SoloCommand, serviceIdFlag } from "../src/cli/index.ts";
import { renderEvent } from "../src/cli/render/index.ts";

export default class Events extends SoloCommand {
  static override summary = "Show what happened: every change of state, with its cause";
  static override examples = ["<%= config.bin %> events --follow", "<%= config.bin %> events web --since 1h --json"];
  static override args = { name: argument({ description: "Only events of this service" }) };
  static override flags = {
    ...serviceIdFlag,
    follow: boolean({ char: "f", description: "Go on with new events as they come" }),
    tail: integer({ char: "n", description: "Only the last events", min: 0, helpValue: "COUNT" }),
    since: string({ description: "Only events since then: 10m, 2h, or a time", helpValue: "TIME" }),
    "since-cursor": string({ description: "Only events after this one, as found in its cursor", helpValue: "CURSOR" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Events);
    const session = await this.open(flags);
    const name = optionalServiceName(args.name, flags["service-id"]);
    const request = {
      tenant: session.tenant,
      follow: flags.follow,
      ...(name !== undefined && { name }),
      ...(flags.tail !== undefined && { tail: flags.tail }),
      ...(flags.since !== undefined && { since: parseMoment(flags.since, "--since") }),
      ...(flags["since-cursor"] !== undefined && { since_cursor: flags["since-cursor"] }),
    };
    const interruption = onInterruption();
    const kernel = await session.reader();
    for await (const event of kernel.events(request, interruption.signal))
      await session.output.element(event, renderEvent);
    interruption.check();
  }
}
