import { string as argument } from "@oclif/core/args";
import { boolean, string } from "@oclif/core/flags";
import { SoloError } from "../src/api/index.ts";
import {
  beginningFlags,
  beginningOf,
  followStream,
  onInterruption,
  SoloCommand,
  serviceIdFlag,
  serviceName,
} from "../src/cli/index.ts";
import { logLineRenderer } from "../src/cli/render/index.ts";

export default class Logs extends SoloCommand {
  static override summary = "Show what a service wrote to stdout and stderr";
  static override usage = "logs NAME [FLAGS]";
  static override examples = [
    "<%= config.bin %> logs web --follow --tail 20",
    "<%= config.bin %> logs web --since 10m --grep 'error|timeout'",
    "<%= config.bin %> logs web --json --since-cursor 18422",
  ];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = {
    ...serviceIdFlag,
    follow: boolean({ char: "f", description: "Go on with new lines as they come" }),
    ...beginningFlags("lines"),
    grep: string({ description: "Only lines that match", helpValue: "REGEX" }),
    instance: string({ description: "Only lines of this instance", helpValue: "ID" }),
    timestamps: boolean({ char: "t", description: "Show the time of each line" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Logs);
    const session = await this.open(flags);
    const target = { tenant: session.tenant, name: serviceName(args.name, flags["service-id"]) };
    const request = {
      ...target,
      ...(flags.grep !== undefined && { grep: checkedPattern(flags.grep) }),
      ...(flags.instance !== undefined && { instance: flags.instance }),
    };
    const interruption = onInterruption();
    const isOne = session.output.json || flags.instance !== undefined;
    const instances = !isOne && (await (await session.reader()).status(target)).instances.length > 1;
    const render = logLineRenderer({ timestamps: flags.timestamps, instances });
    const { signal } = interruption;
    const lines = flags.follow
      ? followStream(
          session,
          (api, resumption, follow) => api.logs({ ...request, ...beginningOf(flags, resumption), follow }, signal),
          signal,
        )
      : (await session.reader()).logs({ ...request, ...beginningOf(flags) }, signal);
    for await (const line of lines) await session.output.element(line, render);
    interruption.check();
  }
}

function checkedPattern(source: string): string {
  try {
    new RegExp(source);
    return source;
  } catch (cause) {
    throw new SoloError("usage", `--grep: ${cause instanceof Error ? cause.message : cause}`, {
      hint: "it is a JavaScript regular expression; put a \\ before characters such as ( [ *",
      cause,
    });
  }
}
