import { expect, test } from "bun:test";
import { chmodSync, readFileSync } from "node:fs";
import { failure, Workshop } from "./workshop.ts";

const script = "#!/bin/sh\necho hi\n";

test("resolves an executable by name, by relative and by absolute path", async () => {
  using shop = new Workshop().write({ "run.sh": script });
  chmodSync(shop.path("run.sh"), 0o755);
  expect(await shop.command("sh", "-c", "true")).toMatchObject({ entry: Bun.which("sh"), mentionsPort: false });
  expect((await shop.command("./run.sh", "a")).command).toEqual([shop.path("run.sh"), "a"]);
  expect((await shop.command(shop.path("run.sh"))).entry).toBe(shop.path("run.sh"));
});

test("an edited script or argument file makes a new digest, a touched one does not", async () => {
  using shop = new Workshop().write({ "run.sh": script, "a.conf": "one" });
  const digest = async () => (await shop.command("sh", "./run.sh", "a.conf", "--flag")).digest;
  const first = await digest();
  shop.write({ "a.conf": "one" });
  expect(await digest()).toBe(first);
  shop.write({ "a.conf": "two" });
  const second = await digest();
  expect(second).not.toBe(first);
  shop.write({ "run.sh": `${script}# more\n` });
  expect(await digest()).not.toBe(second);
});

test("an argument may be a whole script", async () => {
  using shop = new Workshop();
  const long = `echo ${"x".repeat(10_000)}`;
  expect((await shop.command("sh", "-c", long)).command).toHaveLength(3);
  expect((await shop.command("sh", "-c", `${"y/".repeat(5_000)}`)).command).toHaveLength(3);
});

test("knows whether it is told a port", async () => {
  using shop = new Workshop();
  expect((await shop.command("sh", "-c", 'serve --port "$PORT"')).mentionsPort).toBe(true);
  expect((await shop.command("sh", "-c", "echo $PORTAL")).mentionsPort).toBe(false);
  const env = { LISTEN: `127.0.0.1:\${PORT}` };
  expect((await shop.build({ kind: "command", command: ["sh"], cwd: "/", env })).mentionsPort).toBe(true);
});

test("a program that is not there is not found", async () => {
  using shop = new Workshop().write({ tool: script });
  expect(await failure(shop.command("no-such-program"))).toMatchObject({ code: "file_not_found" });
  expect(await failure(shop.command("./missing"))).toMatchObject({ code: "file_not_found" });
  expect((await failure(shop.command("tool"))).hint).toContain("write ./tool");
});

test("a file that the system would not execute is refused with the reason", async () => {
  using shop = new Workshop().write({
    plain: script,
    text: "just text\n",
    lost: "#!/usr/bin/no-such-interpreter\n",
    env: "#!/usr/bin/env no-such-program\n",
    windows: "#!/bin/sh\r\necho hi\r\n",
    foreign: foreignElf(),
  });
  for (const name of ["text", "lost", "env", "windows", "foreign"]) chmodSync(shop.path(name), 0o755);
  const reason = async (name: string) => {
    const error = await failure(shop.command(`./${name}`));
    expect(error.code).toBe("not_executable");
    return `${error.message}; ${error.hint}`;
  };
  expect(await reason("plain")).toContain("chmod +x");
  expect(await reason("text")).toContain("#!");
  expect(await reason("lost")).toContain("no-such-interpreter");
  expect(await reason("env")).toContain("no-such-program");
  expect(await reason("windows")).toContain("Windows line ends");
  expect(await reason("foreign")).toContain("riscv");
  expect(await reason("")).toContain("not a regular file");
});

/** The head of a real program, marked as built for another processor. */
function foreignElf(): Uint8Array {
  const head = new Uint8Array(readFileSync(process.execPath).subarray(0, 4_096));
  head[18] = 243;
  return head;
}
