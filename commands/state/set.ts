import { string as argument } from "@oclif/core/args";
import { integer, option } from "@oclif/core/flags";
import { writeDurabilities } from "../../src/api/state-channel.ts";
import { SoloCommand, serviceIdFlag } from "../../src/cli/index.ts";
import { nameAndWords, parseJsonArgument } from "../../src/cli/name-and-words.ts";
import { renderStateWritten } from "../../src/cli/render/index.ts";

export default class StateSet extends SoloCommand {
  static override summary = "Write a key of a service's state";
  static override description =
    'VALUE is JSON. What it has no form for: {"$bytes": base64}, {"$date": time}, {"$bigint": digits}.';
  static override usage = "state set NAME KEY VALUE [FLAGS]";
  static override examples = [
    "<%= config.bin %> state set counter hits 0",
    `<%= config.bin %> state set shop config '{"open": true}' --if-version 7`,
  ];
  static override args = {
    name: argument({ description: "Name of the service" }),
    key: argument({ description: "The key" }),
    value: argument({ description: "The value, as JSON" }),
  };
  static override flags = {
    ...serviceIdFlag,
    "if-version": integer({
      description: "Only if the key has this version; 0 if there is none",
      min: 0,
      helpValue: "VERSION",
    }),
    durability: option({ options: writeDurabilities, description: "When the write counts as done" })(),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(StateSet);
    const session = await this.open(flags);
    const given = [args.name, args.key, args.value];
    const { name, words } = nameAndWords(given, flags["service-id"], ["KEY", "VALUE"]);
    const [key = "", text = ""] = words;
    const kernel = await session.writer(name);
    const written = await kernel.stateSet({
      tenant: session.tenant,
      name,
      key,
      value: parseJsonArgument("VALUE", text),
      ...(flags["if-version"] !== undefined && { if_version: flags["if-version"] }),
      ...(flags.durability !== undefined && { durability: flags.durability }),
    });
    await session.output.result(written, renderStateWritten);
  }
}
