/**
 * The one place that knows both sides. The binary is every process of Solo: its first argument says which one this is, and
 * only that one's code is loaded.
 */
const [role, ...rest] = process.argv.slice(2);

if (role === "__host") {
  const { runHost } = await import("./host/index.ts");
  await runHost(rest);
} else if (role === "__build") {
  const { runBuilder } = await import("./deploy/artifact/index.ts");
  runBuilder();
} else if (role === "__kernel") {
  const { runKernelProcess } = await import("./compose.ts");
  await runKernelProcess(rest);
} else if (role === "__guardian") {
  const { runGuardianProcess } = await import("./guardian-process.ts");
  await runGuardianProcess(rest);
} else if (role === "__recorder") {
  const { runRecorderProcess } = await import("./recorder-process.ts");
  await runRecorderProcess(rest);
} else if (role === "__leash") {
  const { runLeash } = await import("./leash-process.ts");
  await runLeash(rest);
} else {
  const { runCli } = await import("./cli/index.ts");
  const { commandTable } = await import("./command-table.ts");
  const kernel = async () => (await import("./compose.ts")).kernelDoor;
  const store = async () => (await import("./store-door.ts")).storeDoor;
  const tls = async () => (await import("./tls-door.ts")).tlsDoor;
  const mcp = async () => (await import("./mcp-door.ts")).mcpDoor;
  process.exit(await runCli(process.argv.slice(2), { commands: commandTable, kernel, store, tls, mcp }));
}

export {};
