import { duration, onInterruption, SoloCommand } from "../src/cli/index.ts";
import { showTop } from "../src/cli/show-top.ts";

export default class Top extends SoloCommand {
  static override summary = "Watch all services live, with their logs and use, and act on them by keys";
  static override description = "It needs a terminal. `solo status --watch --json` is the same for programs.";
  static override examples = ["<%= config.bin %> top", "<%= config.bin %> top --interval 500ms"];
  static override flags = { interval: duration({ description: "How often it looks [default: 1s]" }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(Top);
    const session = await this.open(flags);
    const interruption = onInterruption();
    await showTop(session, { only: undefined, intervalMs: flags.interval, signal: interruption.signal });
    interruption.check();
  }
}
