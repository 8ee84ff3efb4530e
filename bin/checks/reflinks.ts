import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkProgram, type Result } from "./run.ts";

/** File systems whose files can share blocks, each with what makes one in a file. */
const fileSystems = {
  xfs: { bytes: "400M", make: "mkfs.xfs -q -m reflink=1" },
  btrfs: { bytes: "300M", make: "mkfs.btrfs -q" },
} as const;

/**
 * Checkpoints on file systems that share blocks, each in a file that is mounted for these tests alone: in a mount namespace,
 * with which the mount and its loop device go. A machine that lets nobody mount one is told of, and nothing is proved there.
 */
export async function runReflinks(): Promise<Result> {
  const sum = { passed: 0, failed: 0 };
  for (const [name, { bytes, make }] of Object.entries(fileSystems)) {
    const folder = mkdtempSync(join(tmpdir(), "solo-reflinks-"));
    const image = join(folder, "image");
    const mount = `mount -o loop ${image} /mnt`;
    try {
      const why = whyNot(["sh", "-ec", `truncate -s ${bytes} ${image}; ${make} ${image}`]) ?? whyNot(namespace(mount));
      if (why !== undefined) {
        console.log(`skipped on ${name}: ${why}`);
        continue;
      }
      const test = "TMPDIR=/mnt node_modules/.bin/bun test --only-failures --timeout=60000 ./test/reflinks";
      const { passed, failed } = await checkProgram(namespace(`${mount}; ${test}`));
      sum.passed += passed;
      sum.failed += failed;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return sum;
}

/** Whether a command that the tests need fails, and what it says of that. */
function whyNot(command: readonly string[]): string | undefined {
  const tried = Bun.spawnSync([...command], { stdout: "ignore", stderr: "pipe" });
  if (tried.exitCode === 0) return undefined;
  return tried.stderr.toString().trim() || `exit ${tried.exitCode}`;
}

function namespace(script: string): string[] {
  const root = process.getuid?.() === 0 ? [] : ["sudo", "-n", "-E"];
  return [...root, "unshare", "-m", "sh", "-ec", script];
}
