import { boolean } from "@oclif/core/flags";
import { stopKernel } from "../src/cli/daemon.ts";
import { SoloCommand } from "../src/cli/index.ts";
import { renderShutdown } from "../src/cli/render/index.ts";

export default class Stop extends SoloCommand {
  static override summary = "Stop the kernel and, unless they are to be kept, all services";
  static override description =
    "Services stop in the reverse order of their dependencies. They come back with `solo start`.";
  static override examples = ["<%= config.bin %> stop", "<%= config.bin %> stop --keep-services --json"];
  static override flags = {
    "keep-services": boolean({ description: "Leave services running; the next kernel takes them over" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Stop);
    const session = await this.open(flags);
    await session.output.result(await stopKernel(session, flags["keep-services"]), renderShutdown);
  }
}
