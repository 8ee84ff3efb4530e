import { string as argument } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { dryRunFlag, duration, exitWith, SoloCommand, serviceIdFlag, serviceName } from "../src/cli/index.ts";
import { killService } from "../src/cli/kill-service.ts";
import { renderKillResult } from "../src/cli/render/index.ts";

const changesPending = 10;

export default class Kill extends SoloCommand {
  static override summary = "Stop a service: every process of it, for good";
  static override description =
    "Requests in flight are let finish, then SIGTERM, the grace and SIGKILL follow. Returns once the whole process tree is gone.";
  static override usage = "kill NAME [FLAGS]";
  static override examples = ["<%= config.bin %> kill web", "<%= config.bin %> kill web --force --json"];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = {
    ...serviceIdFlag,
    force: boolean({ description: "SIGKILL at once" }),
    grace: duration({ description: "From SIGTERM to SIGKILL, instead of the service's own" }),
    ...dryRunFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Kill);
    const session = await this.open(flags);
    const target = { tenant: session.tenant, name: serviceName(args.name, flags["service-id"]) };
    if (flags["dry-run"]) {
      const status = await (await session.reader()).status(target);
      await session.output.result(status, ({ service, instances }) =>
        instances.length > 0
          ? `would stop ${service}: ${instances.map(({ id }) => id).join(", ")}`
          : `${service} is stopped`,
      );
      return exitWith(status.state === "stopped" ? 0 : changesPending);
    }
    const grace = flags.grace === undefined ? {} : { grace_ms: flags.grace };
    await session.output.result(
      await killService(session, { ...target, force: flags.force, ...grace }),
      renderKillResult,
    );
  }
}
