import { string as argument } from "@oclif/core/args";
import { SoloCommand, serviceIdFlag } from "../../src/cli/index.ts";
import { nameAndWords } from "../../src/cli/name-and-words.ts";
import { renderStateValue } from "../../src/cli/render/index.ts";

export default class StateGet extends SoloCommand {
  static override summary = "Show what a key of a service's state holds";
  static override description =
    'What JSON has no form for is an object with one key: {"$bytes": base64}, {"$date": time}, {"$bigint": digits}.';
  static override usage = "state get NAME KEY [FLAGS]";
  static override examples = [
    "<%= config.bin %> state get counter hits",
    "<%= config.bin %> state get counter hits --json",
  ];
  static override args = {
    name: argument({ description: "Name of the service" }),
    key: argument({ description: "The key" }),
  };
  static override flags = serviceIdFlag;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StateGet);
    const session = await this.open(flags);
    const { name, words } = nameAndWords([args.name, args.key], flags["service-id"], ["KEY"]);
    const [key = ""] = words;
    const kernel = await session.reader();
    await session.output.result(await kernel.stateGet({ tenant: session.tenant, name, key }), renderStateValue);
  }
}
