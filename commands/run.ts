import { string as argument } from "@oclif/core/args";
import { sandboxed, serviceFlags, serviceFromFlags, warningsOf } from "../src/cli/deploy/index.ts";
import { exitWith, onInterruption, SoloCommand, splitAtSeparator, waitFlags } from "../src/cli/index.ts";
import { runService } from "../src/cli/run-service.ts";

export default class Run extends SoloCommand {
  static override summary = "Run a service in this terminal and end with its exit code";
  static override description =
    "No daemon is needed: a kernel inside this process supervises the service and shows its output. The service is started once, unless --restart says otherwise. Ctrl-C stops it in order. Made for CI and for trying things out.";
  static override usage = "run PATH [FLAGS] [-- ARGS]";
  static override examples = [
    "<%= config.bin %> run service.ts",
    "<%= config.bin %> run ./migrate -- --to latest",
    "<%= config.bin %> run job.ts --env DATABASE_URL --json",
  ];
  static override args = { path: argument({ description: "File, folder or executable", required: true }) };
  static override flags = { ...serviceFlags, timeout: waitFlags.timeout };

  async run(): Promise<void> {
    const { own, program } = splitAtSeparator(this.argv);
    const { args, flags } = await this.parse(Run, own);
    const session = await this.open(flags);
    session.requireLocal("what `solo run` runs");
    const described = { ...flags, restart: flags.restart ?? "temporary" } as const;
    const declared = await serviceFromFlags({ path: args.path, name: undefined, args: program }, described, session);
    const services = { ...declared, services: sandboxed(declared.services, flags, session) };
    for (const warning of warningsOf(services.services)) await session.output.warn(warning);
    const name = services.services[0]?.name ?? "";
    exitWith(await runService({ services, name, dataDir: flags["data-dir"] }, session, onInterruption()));
  }
}
