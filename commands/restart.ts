import { string as argument } from "@oclif/core/args";
import {
  followProgress,
  onInterruption,
  SoloCommand,
  serviceIdFlag,
  serviceName,
  waitFlags,
} from "../src/cli/index.ts";
import { renderDeployResults } from "../src/cli/render/index.ts";

export default class Restart extends SoloCommand {
  static override summary = "Replace the instances of a service, one by one";
  static override usage = "restart NAME [FLAGS]";
  static override examples = ["<%= config.bin %> restart web", "<%= config.bin %> restart web --no-wait --json"];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = { ...serviceIdFlag, ...waitFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Restart);
    const session = await this.open(flags);
    const name = serviceName(args.name, flags["service-id"]);
    const interruption = onInterruption();
    const kernel = await session.writer(name);
    const request = { tenant: session.tenant, name, wait: flags.wait, timeout_ms: session.timeoutMs };
    const result = await followProgress(kernel.restart(request, interruption.signal), session.output, interruption);
    const document = result.services[0] ?? result;
    await session.output.result(document, (_, view) => renderDeployResults(result.services, view));
  }
}
