import { string as argument } from "@oclif/core/args";
import { string } from "@oclif/core/flags";
import { followStream, onInterruption, SoloCommand, serviceIdFlag, serviceName } from "../../src/cli/index.ts";
import { renderStateChange } from "../../src/cli/render/index.ts";

export default class StateWatch extends SoloCommand {
  static override summary = "Follow the changes of a service's state";
  static override usage = "state watch NAME [FLAGS]";
  static override examples = [
    "<%= config.bin %> state watch shop --prefix order:",
    "<%= config.bin %> state watch shop --json --since-cursor 0",
  ];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = {
    ...serviceIdFlag,
    prefix: string({ description: "Only keys that begin with this", helpValue: "TEXT" }),
    "since-cursor": string({
      description: "Begin behind the change with this cursor; 0: with the oldest that is kept",
      helpValue: "CURSOR",
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StateWatch);
    const session = await this.open(flags);
    const interruption = onInterruption();
    const { signal } = interruption;
    const request = {
      tenant: session.tenant,
      name: serviceName(args.name, flags["service-id"]),
      ...(flags.prefix !== undefined && { prefix: flags.prefix }),
    };
    const changes = followStream(
      session,
      (api, resumption, follow) => {
        const cursor = resumption?.cursor ?? flags["since-cursor"];
        return api.stateWatch({ ...request, follow, ...(cursor !== undefined && { since_cursor: cursor }) }, signal);
      },
      signal,
    );
    for await (const change of changes) await session.output.element(change, renderStateChange);
    interruption.check();
  }
}
