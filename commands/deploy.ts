import { string as argument } from "@oclif/core/args";
import { boolean, string } from "@oclif/core/flags";
import { SoloError } from "../src/api/index.ts";
import {
  bringPrograms,
  sandboxed,
  serviceFlags,
  serviceFromFlags,
  servicesFromFile,
  warningsOf,
} from "../src/cli/deploy/index.ts";
import {
  dryRunFlag,
  exitWith,
  followProgress,
  nameGivenOnce,
  onInterruption,
  SoloCommand,
  splitAtSeparator,
  waitFlags,
} from "../src/cli/index.ts";
import { renderDeployResults } from "../src/cli/render/index.ts";

const changesPending = 10;

export default class Deploy extends SoloCommand {
  static override summary = "Deploy a file, a folder or a program as a service, and wait until it is ready";
  static override description = [
    "PATH is a TypeScript or JavaScript file, a folder with one, a .wasm module, or any executable. Arguments after -- go to the program, where $PORT stands for the port that it should listen on.",
    "Deploying the same content again changes nothing. Changed content replaces the instances one by one, without going below the ready count. This machine's daemon is started when none runs.",
    "A kernel on another machine (--context) is brought what runs: a source with all that it imports as one module, a .wasm file, an executable given by a path that is here. A program without a path is that machine's own, and folders are given as absolute paths there.",
  ].join("\n\n");
  static override usage = ["deploy PATH [NAME] [FLAGS] [-- ARGS]", "deploy --file solo.toml"];
  static override examples = [
    "<%= config.bin %> deploy service.ts",
    "<%= config.bin %> deploy ./api web --replicas 3 --env LOG_LEVEL=debug",
    "<%= config.bin %> deploy redis-server cache --health-tcp 0 -- --port '$PORT'",
    "<%= config.bin %> deploy --file solo.toml --json",
  ];
  static override args = {
    path: argument({ description: "File, folder or executable" }),
    name: argument({
      description: "Name of the service; by default the file's, or the folder's of index.ts and its like",
    }),
  };
  static override flags = {
    file: string({ char: "f", description: "Deploy every service of a project file", helpValue: "FILE" }),
    ...serviceFlags,
    secret: string({
      multiple: true,
      multipleNonGreedy: true,
      description: "Secret that it gets as a file in $SOLO_SECRETS_DIR; with VARIABLE, in its environment too",
      helpValue: "NAME[=VARIABLE]",
    }),
    "service-id": string({ description: "Name of the service, instead of the argument NAME", helpValue: "NAME" }),
    ...waitFlags,
    ...dryRunFlag,
    plan: boolean({ description: "The same as --dry-run" }),
  };

  async run(): Promise<void> {
    const { own, program } = splitAtSeparator(this.argv);
    const { args, flags } = await this.parse(Deploy, own);
    const session = await this.open(flags);
    const name = nameGivenOnce(args.name, flags["service-id"]);
    const declared =
      flags.file === undefined
        ? await serviceFromFlags({ path: required(args.path), name, args: program }, flags, session)
        : await servicesFromFile(onlyFile(flags.file, args.path), session);
    const services = { ...declared, services: sandboxed(declared.services, flags, session) };
    for (const warning of warningsOf(services.services)) await session.output.warn(warning);
    const interruption = onInterruption();
    const isPlan = flags["dry-run"] || flags.plan;
    const kernel = await (isPlan ? session.reader() : session.writer());
    const request = {
      ...services,
      ...(!session.isLocal && { services: await bringPrograms(services.services, kernel, session) }),
      tenant: session.tenant,
      wait: flags.wait,
      timeout_ms: session.timeoutMs,
      dry_run: isPlan,
    };
    const result = await followProgress(kernel.deploy(request, interruption.signal), session.output, interruption);
    const [only] = result.services;
    const document = flags.file === undefined && only ? only : result;
    await session.output.result(document, (_, view) => renderDeployResults(result.services, view));
    const changing = result.services.filter(({ changed }) => changed);
    if (isPlan && changing.length > 0) {
      await session.output.note(`would change: ${changing.map(({ service }) => service).join(", ")}`);
      exitWith(changesPending);
    }
  }
}

function required(path: string | undefined): string {
  if (path !== undefined) return path;
  throw new SoloError("usage", "missing argument PATH", {
    hint: "`solo deploy service.ts` deploys a file, `solo deploy --file solo.toml` a project",
  });
}

function onlyFile(file: string, path: string | undefined): string {
  if (path === undefined) return file;
  throw new SoloError("usage", "give a PATH or --file, not both", {
    hint: `\`solo deploy --file ${file}\` deploys the project`,
  });
}
