import { string as argument } from "@oclif/core/args";
import { integer } from "@oclif/core/flags";
import { SoloCommand, serviceIdFlag } from "../../src/cli/index.ts";
import { nameAndWords } from "../../src/cli/name-and-words.ts";
import { renderStateDeleted } from "../../src/cli/render/index.ts";

export default class StateDelete extends SoloCommand {
  static override summary = "Delete a key of a service's state";
  static override usage = "state delete NAME KEY [FLAGS]";
  static override examples = ["<%= config.bin %> state delete counter hits"];
  static override args = {
    name: argument({ description: "Name of the service" }),
    key: argument({ description: "The key" }),
  };
  static override flags = {
    ...serviceIdFlag,
    "if-version": integer({ description: "Only if the key has this version", min: 1, helpValue: "VERSION" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StateDelete);
    const session = await this.open(flags);
    const { name, words } = nameAndWords([args.name, args.key], flags["service-id"], ["KEY"]);
    const [key = ""] = words;
    const version = flags["if-version"];
    const deleted = await (await session.writer(name)).stateDelete({
      tenant: session.tenant,
      name,
      key,
      ...(version !== undefined && { if_version: version }),
    });
    await session.output.result(deleted, renderStateDeleted);
  }
}
