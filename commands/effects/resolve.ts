import { string as argument } from "@oclif/core/args";
import { boolean, string } from "@oclif/core/flags";
import { SoloError } from "../../src/api/index.ts";
import { SoloCommand, serviceIdFlag } from "../../src/cli/index.ts";
import { nameAndWords, parseJsonArgument } from "../../src/cli/name-and-words.ts";
import { renderEffect } from "../../src/cli/render/index.ts";

export default class EffectsResolve extends SoloCommand {
  static override summary = "Decide what became of an effect that nobody knows the outcome of";
  static override description =
    "Look at the other side first: its idempotency key, which `solo effects list --json` shows, tells which request it was.";
  static override usage = "effects resolve NAME ID [FLAGS]";
  static override examples = [
    `<%= config.bin %> effects resolve shop charge --run order-7 --done --result '{"receipt": 12}'`,
    "<%= config.bin %> effects resolve shop charge --run order-7 --retry",
  ];
  static override args = {
    name: argument({ description: "Name of the service" }),
    id: argument({ description: "Id of the effect" }),
  };
  static override flags = {
    ...serviceIdFlag,
    run: string({ description: "Id of the run that it belongs to; without it, the service's own" }),
    done: boolean({ description: "It happened", exclusive: ["failed", "retry"] }),
    result: string({ description: "With --done, what it would have returned, as JSON", dependsOn: ["done"] }),
    failed: boolean({ description: "It did not happen, and must not any more", exclusive: ["done", "retry"] }),
    retry: boolean({ description: "It did not happen: the next attempt may go ahead", exclusive: ["done", "failed"] }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EffectsResolve);
    const { run, done, result, failed, retry, ...others } = flags;
    const session = await this.open(others);
    const { name, words } = nameAndWords([args.name, args.id], flags["service-id"], ["ID"]);
    const [id = ""] = words;
    const as = decision({ done, failed, retry });
    if (as === undefined) {
      throw new SoloError("usage", "say what became of it: --done, --failed or --retry", {
        hint: `\`solo effects list ${name} --state unknown\` shows what is known`,
      });
    }
    const kernel = await session.kernel();
    const request = { tenant: session.tenant, name, id, as, ...(run !== undefined && { run }) };
    const value = result === undefined ? {} : { result: parseJsonArgument("--result", result) };
    await session.output.result(await kernel.resolve({ ...request, ...value }), renderEffect);
  }
}

function decision({ done, failed, retry }: { done: boolean; failed: boolean; retry: boolean }) {
  if (done) return "done" as const;
  if (failed) return "failed" as const;
  return retry ? ("retry" as const) : undefined;
}
