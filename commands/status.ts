import { string as argument } from "@oclif/core/args";
import { boolean, string } from "@oclif/core/flags";
import { duration, onInterruption, optionalServiceName, SoloCommand, serviceIdFlag } from "../src/cli/index.ts";
import { readOverview } from "../src/cli/overview.ts";
import { renderOverview, renderServiceStatus } from "../src/cli/render/index.ts";
import { showWatched } from "../src/cli/streams/watch.ts";
import type { Watched } from "../src/cli/streams/watched.ts";

const defaultIntervalMs = 1_000;

export default class Status extends SoloCommand {
  static override summary = "Show one service in detail, or everything at a glance";
  static override examples = [
    "<%= config.bin %> status",
    "<%= config.bin %> status web --watch",
    "<%= config.bin %> status web --json",
  ];
  static override args = { name: argument({ description: "Name of the service; without one, the overview" }) };
  static override flags = {
    ...serviceIdFlag,
    watch: boolean({ char: "w", description: "Keep it up to date; off a terminal, one line per change" }),
    interval: duration({ description: "How often --watch looks [default: 1s]" }),
    "since-cursor": string({
      description: "With --watch, begin when it is no longer as at this cursor",
      helpValue: "CURSOR",
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Status);
    const session = await this.open(flags);
    const { output, tenant } = session;
    const name = optionalServiceName(args.name, flags["service-id"]);
    const kernel = await session.reader();
    if (flags.watch) {
      const read = (): Promise<Watched> =>
        name === undefined ? readOverview(kernel, tenant) : kernel.status({ tenant, name });
      const interruption = onInterruption();
      const options = { intervalMs: flags.interval ?? defaultIntervalMs, sinceCursor: flags["since-cursor"] };
      await showWatched(read, { ...options, signal: interruption.signal }, output);
      interruption.check();
    } else if (name === undefined) {
      await output.result(await readOverview(kernel, tenant), renderOverview);
    } else {
      await output.result(await kernel.status({ tenant, name }), renderServiceStatus);
    }
  }
}
