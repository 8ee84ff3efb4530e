import { string as argument } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import {
  beginningFlags,
  beginningOf,
  followStream,
  onInterruption,
  optionalServiceName,
  SoloCommand,
  serviceIdFlag,
} from "../src/cli/index.ts";
import { renderEvent } from "../src/cli/render/index.ts";

export default class Events extends SoloCommand {
  static override summary = "Show what happened: every change of state, with its cause";
  static override examples = ["<%= config.bin %> events --follow", "<%= config.bin %> events web --since 1h --json"];
  static override args = { name: argument({ description: "Only events of this service" }) };
  static override flags = {
    ...serviceIdFlag,
    follow: boolean({ char: "f", description: "Go on with new events as they come" }),
    ...beginningFlags("events"),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Events);
    const session = await this.open(flags);
    const name = optionalServiceName(args.name, flags["service-id"]);
    const request = {
      tenant: session.tenant,
      ...(name !== undefined && { name }),
    };
    const interruption = onInterruption();
    const { signal } = interruption;
    const events = flags.follow
      ? followStream(
          session,
          (api, resumption, follow) => api.events({ ...request, ...beginningOf(flags, resumption), follow }, signal),
          signal,
        )
      : (await session.reader()).events({ ...request, ...beginningOf(flags) }, signal);
    for await (const event of events) await session.output.element(event, renderEvent);
    interruption.check();
  }
}
