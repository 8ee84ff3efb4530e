import { boolean, string } from "@oclif/core/flags";
import { bringPrograms, sandboxed, servicesFromFile, warningsOf } from "../src/cli/deploy/index.ts";
import { followProgress, followStream, onInterruption, SoloCommand } from "../src/cli/index.ts";
import { logLineRenderer, renderDeployResults } from "../src/cli/render/index.ts";
import { showTop } from "../src/cli/show-top.ts";
import { isInteractive } from "../src/cli/style.ts";

export default class Up extends SoloCommand {
  static override summary = "Deploy a project and watch it: its services live, with all their logs";
  static override description =
    "On a terminal it is `solo deploy --file solo.toml` and then `solo top` of these services; elsewhere their log lines follow. However it ends, the services go on; with --stop they are stopped then.";
  static override examples = ["<%= config.bin %> up", "<%= config.bin %> up --file staging.toml --stop"];
  static override flags = {
    file: string({ char: "f", description: "The project file", helpValue: "FILE", default: "solo.toml" }),
    stop: boolean({ description: "Stop these services at the end" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Up);
    const session = await this.open(flags);
    const { tenant, output } = session;
    const declared = await servicesFromFile(flags.file, session);
    const services = sandboxed(declared.services, { unsandboxed: false }, session);
    for (const warning of warningsOf(services)) await output.warn(warning);
    const interruption = onInterruption();
    const { signal } = interruption;
    const kernel = await session.writer();
    const brought = session.isLocal ? services : await bringPrograms(services, kernel, session);
    const request = { ...declared, services: brought, tenant, timeout_ms: session.timeoutMs };
    const result = await followProgress(kernel.deploy(request, signal), output, interruption);
    const names = result.services.map(({ service }) => service);
    try {
      if (!output.json && isInteractive(process.stdout) && process.stdin.isTTY) {
        await showTop(session, { only: new Set(names), intervalMs: undefined, signal });
      } else {
        if (!output.json) await output.result(result, (_, view) => renderDeployResults(result.services, view));
        const render = logLineRenderer({ timestamps: false, instances: true });
        const follow = async (name: string) => {
          const lines = followStream(
            session,
            (api, resumption, isOn) => {
              const since = resumption?.cursor === undefined ? { tail: 0 } : { since_cursor: resumption.cursor };
              return api.logs({ tenant, name, follow: isOn, ...since }, signal);
            },
            signal,
          );
          for await (const line of lines) await output.element(line, render);
        };
        await Promise.all(names.map(follow));
      }
    } finally {
      if (flags.stop) await Promise.all(names.map((name) => kernel.kill({ tenant, name })));
    }
    interruption.check();
  }
}
