import { string as argument } from "@oclif/core/args";
import { string } from "@oclif/core/flags";
import {
  followProgress,
  onInterruption,
  SoloCommand,
  serviceIdFlag,
  serviceName,
  waitFlags,
} from "../src/cli/index.ts";
import { readCode } from "../src/cli/read-code.ts";
import { renderDeployResults, renderReload } from "../src/cli/render/index.ts";

export default class Restart extends SoloCommand {
  static override summary = "Replace the instances of a service, one by one";
  static override description =
    "With --reload, an agent (kind port) is handed new code while it runs instead. Its state is kept as a checkpoint first. The code is not kept: a process that is started again runs what was deployed.";
  static override usage = "restart NAME [FLAGS]";
  static override examples = [
    "<%= config.bin %> restart web",
    "<%= config.bin %> restart web --no-wait --json",
    "<%= config.bin %> restart agent --reload tools.py",
  ];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = {
    ...serviceIdFlag,
    ...waitFlags,
    reload: string({ description: "Hand the agent this code while it runs", helpValue: "FILE" }),
    module: string({
      description: "What of the agent the code is [default: the file's name without its ending]",
      helpValue: "NAME",
      dependsOn: ["reload"],
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Restart);
    const session = await this.open(flags);
    const name = serviceName(args.name, flags["service-id"]);
    if (flags.reload !== undefined) {
      const target = { tenant: session.tenant, name, timeout_ms: session.timeoutMs };
      const code = readCode(flags.reload, flags.module);
      return session.output.result(await (await session.kernel()).reload({ ...target, ...code }), renderReload);
    }
    const interruption = onInterruption();
    const kernel = await session.writer(name);
    const request = { tenant: session.tenant, name, wait: flags.wait, timeout_ms: session.timeoutMs };
    const result = await followProgress(kernel.restart(request, interruption.signal), session.output, interruption);
    const document = result.services[0] ?? result;
    await session.output.result(document, (_, view) => renderDeployResults(result.services, view));
  }
}
