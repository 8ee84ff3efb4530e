import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { refusalAdvice } from "../../../../src/api/index.ts";
import { refusalsIn } from "../../../../src/security/sandbox/refusals.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const root = temporaryFolder();
mkdirSync(join(root, "app"));
mkdirSync(join(root, "secret"));
writeFileSync(join(root, "app/own.txt"), "");
writeFileSync(join(root, "secret/key"), "");

const policy = {
  paths: [{ path: join(root, "app"), origin: "working_directory" as const, read: true, execute: true }],
  connect: [53, 20_000],
  listen: [20_000],
};

/** What a message of one or more lines tells, as `access target`. */
function told(message: string): string[] {
  const found = refusalsIn(message.replaceAll("ROOT", root).split("\n"), policy, join(root, "app"));
  return found.map(({ access, target }) => `${access} ${String(target).replace(root, "ROOT")}`);
}

const messages: [program: string, message: string, ...refusals: string[]][] = [
  [
    "Bun's fetch",
    `TypeError: EACCES: Was there a typo in the url or port?\n  path: "https://example.com/x",\n errno: 0,`,
    "connect 443",
  ],
  [
    "Bun's fetch of a port",
    `EACCES: Was there a typo in the url or port?\n  path: "http://127.0.0.1:8000/",`,
    "connect 8000",
  ],
  ["Bun's listen", `error: permission denied 0.0.0.0:9876\n syscall: "listen",\n   errno: 0,`, "listen 9876"],
  ["Node's connect", "Error: connect EACCES 10.0.0.1:5432\n    port: 5432,", "connect 5432"],
  ["Node's open", "Error: EACCES: permission denied, open './data.json'", "write ROOT/app"],
  ["Node's read", "Error: EACCES: permission denied, open 'ROOT/secret/key'", "read ROOT/secret/key"],
  ["Node's mkdir", "Error: EACCES: permission denied, mkdir 'ROOT/app/cache'", "write ROOT/app"],
  ["Python's open", "PermissionError: [Errno 13] Permission denied: 'ROOT/secret/key'", "read ROOT/secret/key"],
  ["Python's connect", "    self.sock.connect(address)\nPermissionError: [Errno 13] Permission denied", "connect null"],
  [
    "Python's bind",
    "    self.socket.bind(self.server_address)\nPermissionError: [Errno 13] Permission denied",
    "listen null",
  ],
  ["Go's dial", "dial tcp 93.184.216.34:443: connect: permission denied", "connect 443"],
  ["Go's listen", "listen tcp :8080: bind: permission denied", "listen 8080"],
  ["cat", "cat: ROOT/secret/key: Permission denied", "read ROOT/secret/key"],
  ["sh", "sh: 1: cannot create ROOT/app/pid: Permission denied", "write ROOT/app"],
  [
    "nginx",
    'nginx: [alert] could not open error log file: open() "/var/log/nginx/error.log" failed (13: Permission denied)',
    "NGINX",
  ],
  ["nginx's bind", "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", "listen 80"],
  [
    "redis",
    "# Failed opening the temp RDB file temp-1.rdb (in server root dir ROOT/secret) for saving: Permission denied",
    "write ROOT/secret",
  ],
  [
    "redis's bind",
    "Could not create server TCP listening socket 127.0.0.1:7000: bind: Permission denied",
    "listen 7000",
  ],
  ["what may be done", "Error: connect EACCES 127.0.0.1:20000"],
  ["no refusal", "connection refused: 127.0.0.1:9999, no permission asked"],
];

describe("a refusal is read from the words of", () => {
  test.each(messages)("%s", (_, message, ...refusals) => {
    const found = told(message);
    if (refusals[0] === "NGINX") expect(found[0]).toMatch(/^(read|write) \/var\/log/);
    else expect(found).toEqual(refusals);
  });
});

test("the advice names the setting and the flag", () => {
  expect(refusalAdvice("web", { access: "connect", target: 443, line: "" })).toBe(
    "the sandbox refused to connect to port 443: allow it by `connect = [443]` in [service.web.sandbox] or by --allow-connect 443",
  );
  const writing = refusalAdvice("web", { access: "write", target: "/srv/data", line: "" });
  expect(writing).toContain('`write = ["/srv/data"]`');
  expect(writing).toContain("--allow-write /srv/data");
  expect(writing).toContain("$STATE_DIRECTORY");
});
