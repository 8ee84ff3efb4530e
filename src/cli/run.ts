import { checkEnvironment } from "./check-environment.ts";
import type { KernelDoor } from "./doors/kernel.ts";
import type { McpDoor } from "./doors/mcp.ts";
import type { StoreDoor } from "./doors/store.ts";
import type { TlsDoor } from "./doors/tls.ts";
import { reportFailure } from "./failure.ts";
import type { CommandTable } from "./oclif/command-table.ts";
import { normalizeArguments } from "./oclif/normalize-arguments.ts";

export interface CliParts {
  readonly commands: CommandTable;
  /** Loaded only by commands that do more than call a kernel. */
  readonly kernel: () => Promise<KernelDoor>;
  /** Loaded only by commands that look at the store's files. */
  readonly store: () => Promise<StoreDoor>;
  /** Loaded only by commands that make certificates. */
  readonly tls: () => Promise<TlsDoor>;
  /** Loaded only by the command that serves agents. */
  readonly mcp: () => Promise<McpDoor>;
}

/**
 * Runs one command line and returns the process's exit code. A command that is named exactly is loaded alone; help, topics
 * and misspelt names take oclif's long way, which needs to know every command.
 */
export async function runCli(argv: readonly string[], parts: CliParts): Promise<number> {
  try {
    checkEnvironment();
    const { id, rest, help } = normalizeArguments(argv, (candidate) => parts.commands.find(candidate) !== undefined);
    const load = id === undefined || help ? undefined : parts.commands.find(id);
    if (!load) {
      const { runLongWay } = await import("./long-way.ts");
      return await runLongWay(argv, { id, rest, help }, parts);
    }
    const { default: command } = await load();
    await command.run({ id: id ?? "", argv: rest, parts });
    return Number(process.exitCode ?? 0);
  } catch (thrown) {
    return await reportFailure(thrown, argv);
  }
}
