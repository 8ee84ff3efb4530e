import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openLog } from "../../../src/store/log/index.ts";
import { withPrivateMounts } from "../../support/private-mount.ts";
import { seededRandom } from "../../support/random.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { textOf } from "./fixtures/text-of.ts";

/** The log on the machine's own disk, in a process that dies or whose disk fails. `SOLO_FAULT_KILLS` sets how many kills. */

const kills = Number(process.env.SOLO_FAULT_KILLS ?? 25);

setDefaultTimeout(5_000 + kills * 2_000);

const folder = temporaryFolder();
const appender = (path: string, clients: number) => [
  process.execPath,
  join(import.meta.dir, "fixtures/appender.ts"),
  path,
  String(clients),
];

/** Opens the log, compares every entry with what was appended under its sequence, and returns the last one's. */
async function lastOf(path: string): Promise<number> {
  const log = await openLog(path, { create: false, segmentBytes: 65_536 });
  let expected = 0;
  for await (const { sequence, payload } of log.scan()) {
    expect(sequence).toBe(expected === 0 ? sequence : expected);
    expect(Buffer.from(payload).toString()).toBe(textOf(sequence));
    expected = sequence + 1;
  }
  expect(expected).toBe(log.stats().nextSequence);
  await log.close();
  return expected - 1;
}

/** Runs a command, and kills it once it has acknowledged so many more entries; returns what it printed. */
async function runUntil(command: string[], acks: number): Promise<string[]> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true });
    if (output.split("\nack ").length > acks) child.kill("SIGKILL");
  }
  await child.exited;
  // A last line may be incomplete.
  return output.split("\n").slice(0, -1);
}

function lastAck(lines: readonly string[]): number {
  return Number(lines.findLast((line) => line.startsWith("ack "))?.slice(4) ?? 0);
}

test(`killed ${kills} times at any moment: every acknowledged entry is there, and each is what was appended`, async () => {
  const path = join(folder, "killed");
  const seed = Number(process.env.SOLO_FAULT_SEED ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  for (let round = 0; round < kills; round++) {
    const clients = [1, 3, 64, 500][random.below(4)] ?? 1;
    const lines = await runUntil(appender(path, clients), 1 + random.below(60));
    const last = await lastOf(path);
    if (last < lastAck(lines))
      throw new Error(`seed ${seed}, round ${round}: ${lastAck(lines)} acknowledged, ${last} found`);
  }
});

test.each([
  ["fdatasync", "EIO", "io_error", 40],
  ["pwrite64", "ENOSPC", "full", 60],
  ["pwrite64", "EIO", "io_error", 61],
] as const)(
  "%s answers %s: everyone is told, nothing is accepted any more, nothing acknowledged is lost",
  async (call, errno, code, when) => {
    for (const clients of [1, 500]) {
      const path = join(folder, `${call}-${errno}-${clients}`);
      const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:error=${errno}:when=${when}`];
      const lines = await runUntil(
        ["strace", "-f", "-qq", "-o", "/dev/null", ...inject, ...appender(path, clients)],
        1e6,
      );
      expect(lines.at(-1)).toBe(`failed ${code} then poisoned`);
      expect(lastAck(lines)).toBeGreaterThan(0);
      expect(await lastOf(path)).toBeGreaterThanOrEqual(lastAck(lines));
    }
  },
);

test("a file system that fills up: told as full, nothing acknowledged is lost, and it opens again while it is full", () => {
  const mount = join(folder, "small");
  const script = `mkdir -p ${mount} && mount -t tmpfs -o size=1m tmpfs ${mount}`;
  const run = (path: string) => [...appender(path, 20), "1e9"].join(" ");
  // The second run finds the disk as full as the first left it.
  const output = withPrivateMounts(
    `${script}; ${run(`${mount}/log`)}; ${run(`${mount}/log`)}; df -P ${mount} | tail -1`,
  );
  const lines = output.split("\n");
  expect(lines.filter((line) => line === "failed full then poisoned").length).toBe(2);
  const [first = "", second = ""] = lines.filter((line) => line.startsWith("opened "));
  expect(first).toBe("opened 1 null");
  const acknowledged = lastAck(lines.slice(0, lines.lastIndexOf(second)));
  expect(Number(second.split(" ")[1])).toBeGreaterThan(acknowledged);
  expect(existsSync(join(mount, "log"))).toBe(false);
});
