import { join } from "node:path";
import { runGuardian } from "./kernel/guardian/index.ts";
import { selfCommand } from "./system/index.ts";

/**
 * `solo __guardian --data-dir DIR FLAGS…`: stands above the kernel that it starts with the same flags, then ends the
 * process. It loads nothing of the kernel and reads no configuration: nothing that could fail or grow.
 */
export async function runGuardianProcess(args: readonly string[]): Promise<never> {
  const dataDir = args[args.indexOf("--data-dir") + 1];
  if (!args.includes("--data-dir") || dataDir === undefined) throw new Error("usage: __guardian --data-dir DIR");
  const code = await runGuardian({
    runDir: join(dataDir, "run"),
    logPath: join(dataDir, "logs", "kernel.log"),
    kernelCommand: [...selfCommand(), "__kernel", ...args],
  });
  process.exit(code);
}
