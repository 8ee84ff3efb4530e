import { string as argument } from "@oclif/core/args";
import { exitWith, optionalServiceName, SoloCommand, serviceIdFlag } from "../src/cli/index.ts";
import { renderHealth, renderServiceHealth } from "../src/cli/render/index.ts";
import { serviceHealthOf } from "../src/cli/service-health.ts";

const notHealthy = 3;

export default class Health extends SoloCommand {
  static override summary = "Tell whether the kernel, or one service, is well";
  static override description =
    "Ends with 0 when healthy, with 3 when degraded (it works, and something is wrong or soon will be) or unhealthy, and with 7 when no kernel runs. `status` in the JSON tells degraded and unhealthy apart; over HTTP, /health answers 200 for a kernel that is degraded.";
  static override examples = ["<%= config.bin %> health", "<%= config.bin %> health web --json"];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = { ...serviceIdFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Health);
    const session = await this.open(flags);
    const name = optionalServiceName(args.name, flags["service-id"]);
    const kernel = await session.kernel();
    if (name === undefined) {
      const health = await kernel.health({});
      await session.output.result(health, renderHealth);
      return exitWith(health.status === "healthy" ? 0 : notHealthy);
    }
    const health = serviceHealthOf(await kernel.status({ tenant: session.tenant, name }));
    await session.output.result(health, renderServiceHealth);
    exitWith(health.status === "healthy" ? 0 : notHealthy);
  }
}
