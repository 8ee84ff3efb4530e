/** Ways to a mount namespace of one's own, from the least privileged on: CI machines allow different ones. */
const ways = [
  ["unshare", "-rm"],
  ["unshare", "-m"],
  ["sudo", "-n", "unshare", "-m"],
];

/**
 * Runs a shell command where it may mount file systems that only it sees, and that go with it. Answers with its output.
 * @throws when the machine allows no way, or the command fails
 */
export function withPrivateMounts(script: string): string {
  const way = ways.find((command) => works([...command, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]));
  if (way === undefined) throw new Error("this test needs user namespaces, root, or sudo without a password");
  const run = Bun.spawnSync([...way, "sh", "-ec", script], { stdout: "pipe", stderr: "pipe" });
  if (run.exitCode !== 0) throw new Error(`exit ${run.exitCode}: ${run.stderr.toString()}`);
  return run.stdout.toString();
}

function works(command: readonly string[]): boolean {
  try {
    return Bun.spawnSync([...command], { stdout: "ignore", stderr: "ignore" }).exitCode === 0;
  } catch {
    return false;
  }
}
