import { rmSync } from "node:fs";

/** Whether the data directory is removed with the services. */
export type LeashedFolder = "temporary" | "kept";

/**
 * `solo __leash DATA_DIR temporary|kept`, a child of a command that has a kernel inside. Its input ends with that command,
 * however it ends; one that stopped its services in order has killed this process before. What it left is then taken over
 * and stopped as `solo stop` does: SIGTERM, grace, SIGKILL, whole trees. Ends the process.
 */
export async function runLeash([dataDir, folder]: readonly string[]): Promise<never> {
  if (dataDir === undefined) throw new Error("usage: __leash DATA_DIR temporary|kept");
  // A terminal that goes away takes everybody on it along, and this is one who must outlive the others.
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => undefined);
  await Bun.stdin.bytes();
  // Loaded only now: nearly every leash is killed before.
  const { loadConfig } = await import("./config/index.ts");
  const { kernelDoor } = await import("./compose.ts");
  const config = await loadConfig({ cwd: "/", env: process.env, flags: { "data-dir": dataDir } });
  try {
    // Fails with `locked` when the next command has taken the folder over already, and the services with it.
    const { kernel, close } = await kernelDoor.takeOver(config);
    await kernel.shutdown({ keep_services: false }).finally(close);
    if (folder === "temporary") rmSync(dataDir, { recursive: true, force: true });
    process.exit(0);
  } catch {
    process.exit(1);
  }
}
