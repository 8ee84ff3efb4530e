import { boolean, string } from "@oclif/core/flags";
import { runForeground, startBackground } from "../src/cli/daemon.ts";
import { onInterruption, SoloCommand } from "../src/cli/index.ts";
import { renderKernelState } from "../src/cli/render/index.ts";

export default class Start extends SoloCommand {
  static override summary = "Start this machine's kernel";
  static override description =
    "It runs in the background under a guardian that starts it again when it crashes. `solo deploy` starts it by itself.";
  static override examples = ["<%= config.bin %> start", "<%= config.bin %> start --foreground --ingress-port 9000"];
  static override flags = {
    foreground: boolean({ description: "Stay in this terminal, without a guardian; Ctrl-C stops kernel and services" }),
    "keep-services": boolean({
      description: "With --foreground: leave the services running at the end",
      dependsOn: ["foreground"],
    }),
    "ingress-port": string({ description: "Port of the ingress [env: SOLO_INGRESS_PORT]", helpValue: "PORT" }),
    "http-port": string({ description: "Port of the HTTP API, or off [env: SOLO_HTTP_PORT]", helpValue: "PORT" }),
    "metrics-port": string({ description: "Port of the metrics, or off [env: SOLO_METRICS_PORT]", helpValue: "PORT" }),
    "listen-port": string({ description: "Port of the gRPC API, or off [env: SOLO_LISTEN_PORT]", helpValue: "PORT" }),
    "dns-port": string({ description: "Port of DNS, or off [env: SOLO_DNS_PORT]", helpValue: "PORT" }),
    bind: string({ description: "Address of the ingress [env: SOLO_BIND]", helpValue: "ADDRESS" }),
    "log-level": string({
      description: "Least important message of the kernel's log [env: SOLO_LOG_LEVEL]",
      helpValue: "LEVEL",
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Start);
    const session = await this.open(flags);
    if (flags.foreground) session.requireLocal("a kernel in the foreground");
    if (!flags.foreground) return session.output.result(await startBackground(session), renderKernelState);
    const interruption = onInterruption();
    await runForeground(session, interruption, { keepServices: flags["keep-services"] });
  }
}
