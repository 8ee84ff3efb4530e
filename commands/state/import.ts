import { string as argument } from "@oclif/core/args";
import { importState } from "../../src/cli/import-state.ts";
import { dryRunFlag, exitWith, SoloCommand, serviceIdFlag } from "../../src/cli/index.ts";
import { nameAndWords } from "../../src/cli/name-and-words.ts";
import { renderStateImported } from "../../src/cli/render/index.ts";
import { withStateFile } from "../../src/cli/state-input.ts";

const changesPending = 10;

export default class StateImport extends SoloCommand {
  static override summary = "Write what `state export` wrote into a service's state";
  static override description =
    "Every line is checked, here and by the kernel, and the quota for all of them, before the first one is written. Up to 1,000 entries or 1 MiB are written as one; keys that the file doesn't name stay as they are.";
  static override usage = "state import NAME FILE [FLAGS]";
  static override examples = [
    "<%= config.bin %> state import shop shop.ndjson",
    "<%= config.bin %> state export shop | <%= config.bin %> state import twin -",
  ];
  static override args = {
    name: argument({ description: "Name of the service" }),
    file: argument({ description: "The export; - reads standard input" }),
  };
  static override flags = { ...serviceIdFlag, ...dryRunFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StateImport);
    const session = await this.open(flags);
    const { name, words } = nameAndWords([args.name, args.file], flags["service-id"], ["FILE"]);
    const [file = ""] = words;
    const target = { tenant: session.tenant, name };
    const kernel = await session.writer(name);
    const result = await withStateFile(file, (path) =>
      importState(kernel, { ...target, file: path, dryRun: flags["dry-run"] }),
    );
    await session.output.result(result, renderStateImported(flags["dry-run"]));
    exitWith(flags["dry-run"] && result.entries > 0 ? changesPending : 0);
  }
}
