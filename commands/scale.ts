import { string as argument } from "@oclif/core/args";
import { integer } from "@oclif/core/flags";
import { SoloError } from "../src/api/index.ts";
import {
  followProgress,
  onInterruption,
  SoloCommand,
  serviceIdFlag,
  serviceName,
  waitFlags,
} from "../src/cli/index.ts";
import { renderDeployResults } from "../src/cli/render/index.ts";

export default class Scale extends SoloCommand {
  static override summary = "Change how many instances of a service run";
  static override usage = "scale NAME REPLICAS [FLAGS]";
  static override examples = [
    "<%= config.bin %> scale web 3",
    "<%= config.bin %> scale --service-id web --replicas 3 --json",
  ];
  static override args = {
    name: argument({ description: "Name of the service" }),
    replicas: argument({ description: "Number of instances, 0 to 1000" }),
  };
  static override flags = {
    ...serviceIdFlag,
    replicas: integer({
      description: "Number of instances, instead of the argument",
      min: 0,
      max: 1_000,
      helpValue: "COUNT",
    }),
    ...waitFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Scale);
    const session = await this.open(flags);
    // With --service-id the only argument is the number.
    const shifted = flags["service-id"] !== undefined && args.replicas === undefined && isCount(args.name);
    const name = serviceName(shifted ? undefined : args.name, flags["service-id"]);
    const replicas = flags.replicas ?? count(shifted ? args.name : args.replicas);
    const interruption = onInterruption();
    const kernel = await session.writer(name);
    const request = { tenant: session.tenant, name, replicas, wait: flags.wait, timeout_ms: session.timeoutMs };
    const result = await followProgress(kernel.scale(request, interruption.signal), session.output, interruption);
    const document = result.services[0] ?? result;
    await session.output.result(document, (_, view) => renderDeployResults(result.services, view));
  }
}

function isCount(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,4}$/.test(text) && Number(text) <= 1_000;
}

function count(text: string | undefined): number {
  if (isCount(text)) return Number(text);
  throw new SoloError(
    "usage",
    text === undefined ? "missing argument REPLICAS" : `REPLICAS must be 0 to 1000, got ${JSON.stringify(text)}`,
    {
      hint: "`solo scale web 3` runs three instances",
    },
  );
}
