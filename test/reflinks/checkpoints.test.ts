import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { captureFolders, freezeFolders } from "../../src/state/checkpoint/folders/index.ts";
import { Daemon } from "../support/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/**
 * Checkpoints where files can share blocks: `bin/test reflinks` runs this on XFS and on Btrfs. What is shared is read from the
 * file system itself, and that nothing was copied from the system calls of the kernel's process.
 */

setDefaultTimeout(60_000);

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

test("folders are frozen without being copied, and what is written to them afterwards is not in the capture", async () => {
  const folder = join(temporaryFolder(), "files");
  mkdirSync(folder);
  const content = Buffer.alloc(8_000_000, "0123456789abcdef!");
  writeFileSync(join(folder, "large"), content);
  const frozen = await freezeFolders([folder]);
  if (frozen === undefined) throw new Error("nothing was cloned");
  const [source] = frozen.sources;
  expect(extents(join(source?.contents ?? "", "large"))).toEqual(extents(join(folder, "large")));
  expect(isShared(join(folder, "large"))).toBe(true);
  writeFileSync(join(folder, "large"), "changed");
  let bytes = 0;
  for await (const { contentBytes } of captureFolders(frozen.sources)) bytes += contentBytes;
  expect(bytes).toBe(content.length);
  await frozen.release();
  expect(readdirSync(join(folder, ".."))).toEqual(["files"]);
});

test("a checkpoint of a service's own files clones them while the service stands still", async () => {
  const folder = join(daemon.env.notes, "kept");
  mkdirSync(folder);
  for (const name of ["one", "two"]) writeFileSync(join(folder, name), Buffer.alloc(4_000_000, name));
  const state = { mode: "external" as const, folders: [folder] };
  await daemon.deploy({ keeper: daemon.shell("exec sleep 1000", { state }) });
  const calls = join(daemon.env.root, "calls");
  const pid = String(await daemon.kernel());
  const strace = Bun.spawn(["strace", "-f", "-e", "trace=ioctl", "-o", calls, "-p", pid], {
    stdout: "ignore",
    stderr: "pipe",
  });
  // "strace: Process N attached with M threads".
  await strace.stderr.getReader().read();
  const made = await daemon.client.checkpointCreate({ name: "keeper" });
  strace.kill("SIGINT");
  await strace.exited;
  const clones = readFileSync(calls, "utf8").match(/FICLONE, \d+\) += 0/g) ?? [];
  expect([made.files, clones.length]).toEqual([3, 2]);
  writeFileSync(join(folder, "one"), "changed");
  await daemon.client.checkpointRestore({ name: "keeper", id: made.id });
  expect(readFileSync(join(folder, "one"))).toEqual(Buffer.alloc(4_000_000, "one"));
});

test("a fork's first checkpoint shares the body of the one that it was made from", async () => {
  const code = `import { defineService } from "solo";
    export default defineService({ methods: { async fill(_, ctx) {
      for (let n = 0; n < 40; n++) await ctx.state.set("block/" + n, crypto.getRandomValues(new Uint8Array(50_000)));
    } } });`;
  await daemon.deploy({ origin: daemon.module("origin.ts", code) });
  await daemon.client.call({ name: "origin", method: "fill", input: null });
  const { id } = await daemon.client.checkpointCreate({ name: "origin" });
  await daemon.client.checkpointFork({ name: "origin", id, as: "twin" });
  const [first, second] = ["origin", "twin"].map((name) => {
    const shelf = join(daemon.env.dataDir, "state/default", name, "checkpoints");
    const [file = ""] = readdirSync(shelf).filter((one) => one.endsWith(".checkpoint"));
    return extents(join(shelf, file));
  });
  const shared = first?.filter((block) => second?.includes(block)) ?? [];
  // Two million bytes, of which the header's block is each one's own.
  expect(first?.length).toBeGreaterThan(480);
  expect(shared.length).toBe((first?.length ?? 0) - 1);
});

/** The physical blocks of a file, in its order. */
function extents(path: string): number[] {
  return mapOf(path).flatMap(({ start, length }) => Array.from({ length }, (_, at) => start + at));
}

function isShared(path: string): boolean {
  return mapOf(path).every(({ flags }) => flags.includes("shared"));
}

function mapOf(path: string): { readonly start: number; readonly length: number; readonly flags: string }[] {
  Bun.spawnSync(["sync", path]);
  const { stdout } = Bun.spawnSync(["/usr/sbin/filefrag", "-v", path]);
  const line = /^ *\d+: +\d+\.\. +\d+: +(\d+)\.\. +\d+: +(\d+):(.*)$/gm;
  return [...stdout.toString().matchAll(line)].map(([, start, length, flags = ""]) => ({
    start: Number(start),
    length: Number(length),
    flags,
  }));
}
