import { string as argument } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { optionalServiceName, SoloCommand, serviceIdFlag } from "../src/cli/index.ts";
import { renderMetrics } from "../src/cli/render/index.ts";

export default class Metrics extends SoloCommand {
  static override summary = "Show what is measured of services and of the kernel";
  static override description =
    "Prometheus gets the same from http://127.0.0.1:9090/metrics (`solo.metrics_port`). docs/metrics.md tells what each figure means.";
  static override usage = "metrics [NAME] [FLAGS]";
  static override examples = [
    "<%= config.bin %> metrics",
    "<%= config.bin %> metrics web --json",
    "<%= config.bin %> metrics --all-tenants",
  ];
  static override args = { name: argument({ description: "Name of the service" }) };
  static override flags = {
    "all-tenants": boolean({ description: "Of every tenant, and of the kernel itself" }),
    ...serviceIdFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Metrics);
    const session = await this.open(flags);
    const name = optionalServiceName(args.name, flags["service-id"]);
    const kernel = await session.kernel();
    const document = flags["all-tenants"]
      ? await kernel.metricsAll({})
      : await kernel.metrics({ tenant: session.tenant, ...(name !== undefined && { name }) });
    await session.output.result(document, renderMetrics);
  }
}
