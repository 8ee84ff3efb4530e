import { readFileSync } from "node:fs";
import { string as argument } from "@oclif/core/args";
import { SoloError } from "../src/api/index.ts";
import { duration } from "../src/cli/flags/global.ts";
import { onInterruption, SoloCommand, serviceIdFlag, serviceName } from "../src/cli/index.ts";
import { renderCallResult } from "../src/cli/render/index.ts";

export default class Call extends SoloCommand {
  static override summary = "Call a method of a service and print what it returns";
  static override description =
    "METHOD is one of the `methods` of a source service, or whatever a port agent answers to. INPUT is JSON, or - to read it from standard input.";
  static override usage = "call NAME METHOD [INPUT] [FLAGS]";
  static override examples = [
    `<%= config.bin %> call calculator add '{"a": 1, "b": 2}'`,
    "<%= config.bin %> call notes recall --json",
  ];
  static override args = {
    name: argument({ description: "Name of the service" }),
    method: argument({ description: "Name of the method" }),
    input: argument({ description: "JSON" }),
  };
  static override flags = {
    ...serviceIdFlag,
    timeout: duration({ description: "How long to wait for the answer [default: 30s]" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Call);
    const { timeout, ...others } = flags;
    const session = await this.open(others);
    // With --service-id the first argument is the method.
    const words = [args.name, args.method, args.input].filter((word) => word !== undefined);
    const name = serviceName(flags["service-id"] === undefined ? words.shift() : undefined, flags["service-id"]);
    const [method, input, surplus] = words;
    if (method === undefined || surplus !== undefined) {
      throw new SoloError("usage", method === undefined ? "missing argument METHOD" : "too many arguments", {
        hint: `\`solo call ${name} METHOD '{"a": 1}'\``,
      });
    }
    const interruption = onInterruption();
    const kernel = await session.kernel();
    const request = {
      tenant: session.tenant,
      name,
      method,
      ...(input !== undefined && { input: parse(input === "-" ? readFileSync(0, "utf8") : input) }),
      ...(timeout !== undefined && { timeout_ms: timeout }),
    };
    const result = await kernel.call(request, interruption.signal);
    await session.output.result(result, renderCallResult);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SoloError("usage", `INPUT is no JSON: ${text.slice(0, 80)}`, {
      hint: `quote it for the shell: '{"a": 1}', or '"text"' for a text`,
      cause,
    });
  }
}
