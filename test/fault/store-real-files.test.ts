import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { inspectStore } from "../../src/store/index.ts";
import { withPrivateMounts } from "../support/private-mount.ts";
import { expectWritten, readOutput, runWriter, writerCommand } from "../support/store-writer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The key-value store on the machine's own disk, in a process that dies or whose disk fails. */

const root = temporaryFolder();
/** More are run by hand: `SOLO_STORE_KILLS=500 bun test test/fault/store-real-files.test.ts`. */
const kills = Number(process.env.SOLO_STORE_KILLS ?? 12);

test("a process killed at any moment, again and again: all that was acknowledged is there, and nothing is damaged", async () => {
  const folder = join(root, "killed");
  for (let round = 0; round < kills; round++) {
    const { acknowledged } = await runWriter(writerCommand(folder), 20 + ((round * 37) % 300));
    expect(await inspectStore(folder, { full: true })).toMatchObject({ live: false, damages: [] });
    await expectWritten(folder, acknowledged);
  }
}, 120_000);

const injections = [
  ["fdatasync", "EIO", "io_error"],
  ["pwrite64", "ENOSPC", "full"],
  ["pwrite64", "EIO", "io_error"],
] as const;

for (const [call, errno, code] of injections) {
  for (const when of [2, 25, 60]) {
    test(`${call} number ${when} of the log answers ${errno}: everyone is told, nothing more is accepted, nothing acknowledged is lost`, async () => {
      const folder = join(root, `${call}-${errno}-${when}`);
      const segments = Array.from({ length: 40 }, (_, index) => [
        "-P",
        join(folder, `log.${`${index}`.padStart(8, "0")}`),
      ]);
      const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:error=${errno}:when=${when}`];
      const strace = ["strace", "-f", "-qq", "-o", "/dev/null", ...segments.flat(), ...inject];
      const { acknowledged, failure } = await runWriter([...strace, ...writerCommand(folder, "quiet")], 200_000);
      expect(failure).toBe(`failed ${code} then poisoned`);
      if (when > 2) expect(acknowledged.size).toBe(3);
      await expectWritten(folder, acknowledged);
    });
  }
}

test("a file system that fills up: told as full, nothing acknowledged is lost, and it opens again while it is full", () => {
  const mount = join(root, "small");
  const script = `mkdir -p ${mount} && mount -t tmpfs -o size=2m tmpfs ${mount}`;
  const run = writerCommand(`${mount}/store`, "quiet").join(" ");
  // The second run finds the disk as full as the first left it.
  const lines = withPrivateMounts(`${script}; ${run}; echo ----; ${run}; df -P ${mount} | tail -1`).split("\n");
  const second = lines.indexOf("----");
  const first = readOutput(`${lines.slice(0, second).join("\n")}\n`);
  expect(first.failure).toBe("failed full then poisoned");
  const [, ...serials] = (lines[second + 1] ?? "").split(" ").map(Number);
  ["one", "two", "three"].forEach((name, index) => {
    expect(serials[index]).toBeGreaterThanOrEqual(first.acknowledged.get(name) ?? 0);
  });
  expect(lines.slice(second)).toContain("failed full then poisoned");
  expect(existsSync(join(mount, "store"))).toBe(false);
});
