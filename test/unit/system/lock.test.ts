import { expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { acquireLock, acquireLockOfDead, holderOf, lockedBy } from "../../../src/system/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";

const system = join(import.meta.dir, "../../../src/system/index.ts");

test("a lock is held once, and names its holder", () => {
  const path = join(temporaryFolder(), "lock");
  const lock = acquireLock(path);
  expect(lock).toBeDefined();
  expect(acquireLock(path)).toBeUndefined();
  expect(holderOf(path)).toBe(process.pid);
  expect(lockedBy(path)).toBe(process.pid);
  lock?.release();
  expect(holderOf(path)).toBe(process.pid);
  expect(lockedBy(path)).toBeUndefined();
  const again = acquireLock(path);
  expect(again).toBeDefined();
  again?.release();
  again?.release();
});

test("the lock of a process that is dead is waited for, that of one that lives is not", async () => {
  const path = join(temporaryFolder(), "lock");
  // As of a killed process one of whose threads hangs: what it held goes on, and it is no more.
  const script = `exec 9>>"$0"; flock 9; echo $$ >"$0"; sleep 100 & echo $!; read -r _; exit`;
  const holder = Bun.spawn(["/bin/sh", "-c", script, path], { stdin: "pipe", stdout: "pipe" });
  const keeper = Number(await firstLine(holder.stdout));
  expect(await acquireLockOfDead(path, 60_000)).toBeUndefined();
  holder.kill("SIGKILL");
  await holder.exited;
  expect(acquireLock(path)).toBeUndefined();
  expect(await acquireLockOfDead(path, 20)).toBeUndefined();
  const waiting = acquireLockOfDead(path, 60_000);
  process.kill(keeper, "SIGKILL");
  const lock = await waiting;
  expect(lock).toBeDefined();
  expect(holderOf(path)).toBe(process.pid);
  lock?.release();
});

test("a lock is free once its holder was killed, though a child of the holder goes on", async () => {
  const path = join(temporaryFolder(), "lock");
  const script = `
    const { acquireLock } = await import(${JSON.stringify(system)});
    const held = acquireLock(${JSON.stringify(path)}) !== undefined;
    const child = Bun.spawn(["/bin/sleep", "100"], { detached: true, stdio: ["ignore", "ignore", "ignore"] });
    console.log(held, child.pid);
    setInterval(() => {}, 1000);`;
  const holder = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  const [held, child] = await firstLine(holder.stdout).then((line) => line.split(" "));
  expect(held).toBe("true");
  expect(acquireLock(path)).toBeUndefined();
  expect(holderOf(path)).toBe(holder.pid);
  holder.kill("SIGKILL");
  await holder.exited;
  const lock = await until("the lock is free", () => acquireLock(path));
  process.kill(Number(child), "SIGKILL");
  lock.release();
});

test("the descriptor of a lock is closed in programs that its holder starts", () => {
  const path = join(temporaryFolder(), "lock");
  const lock = acquireLock(path);
  const fd = readdirSync("/proc/self/fd").find((name) => linkOf(`/proc/self/fd/${name}`) === path);
  expect(
    Number.parseInt(/flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "0", 8) & 0o2000000,
  ).not.toBe(0);
  lock?.release();
});

test("a folder that doesn't exist is an error, and nobody holds a lock there", () => {
  const path = join(temporaryFolder(), "none", "lock");
  expect(() => acquireLock(path)).toThrow("ENOENT");
  expect(holderOf(path)).toBeUndefined();
});

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const { value } = await reader.read();
  return new TextDecoder().decode(value).trim();
}
