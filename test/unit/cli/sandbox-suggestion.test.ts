import { expect, test } from "bun:test";
import type { SandboxDocument } from "../../../src/api/index.ts";
import { remarksOn, suggestSandbox } from "../../../src/cli/sandbox-suggestion.ts";

type Refused = readonly [access: SandboxDocument["refused"][number]["access"], target: string | number | null];

function documentOf(declared: Partial<SandboxDocument["declared"]>, ...refused: Refused[]) {
  return {
    service: "web",
    tenant: "default",
    revision: "abc",
    mode: "enforce" as SandboxDocument["mode"],
    score: 100,
    mechanisms: [],
    paths: [],
    connect: [],
    listen: [],
    declared: { read: [], write: [], connect: [], listen: [], ...declared },
    instances: [],
    learned: null,
    refused: refused.map(([access, target]) => {
      return { access, target, time: "2026-01-01T00:00:00Z", instance: "web-1", advice: `allow ${access}` };
    }),
  } satisfies SandboxDocument;
}

const suggested = (...words: Parameters<typeof documentOf>) => suggestSandbox(documentOf(...words));

test("what is declared and what was refused, each once", () => {
  const { toml, unclear } = suggested(
    { connect: [443] },
    ["connect", 443],
    ["connect", 80],
    ["read", "/srv/a"],
    ["write", "/srv/data"],
    ["listen", 8_080],
  );
  expect(toml.split("\n")).toEqual([
    "[service.web.sandbox]",
    'read = ["/srv/a"]',
    'write = ["/srv/data"]',
    "connect = [80, 443]",
    "listen = [8080]",
  ]);
  expect(unclear).toEqual([]);
});

test("a path within another that allows as much is left out", () => {
  const { sandbox } = suggested({ read: ["/srv"] }, ["read", "/srv/a"], ["read", "/data/b"], ["write", "/data"]);
  expect(sandbox).toMatchObject({ read: ["/srv"], write: ["/data"] });
});

test("any port stays any port, and what names nothing is told", () => {
  const { toml, unclear } = suggested({ connect: "any" }, ["connect", 80], ["listen", null]);
  expect(toml).toBe('[service.web.sandbox]\nconnect = "any"');
  expect(unclear).toEqual(["allow listen"]);
});

test("in audit mode it is what was used, whatever is declared, and says what stands beside it", () => {
  const learned: SandboxDocument["learned"] = {
    revision: "abc",
    since: "2026-01-01T00:00:00Z",
    updated: "2026-01-01T00:00:00Z",
    unseen: 2,
    used: [],
    calls: [{ service: "mailer", method: "send", allowed: false }],
    operations: [],
    state: true,
    least: { read: ["/srv/a"], write: [], connect: [6_379], listen: "any", call: ["mailer"] },
    kept: { inherit_env: ["LANG"], max_files: 64 },
    unused: [{ setting: "sandbox.read", value: "/srv/b" }],
    left_out: [{ access: "read", target: "/", reason: "it is too much" }],
  };
  const suggestion = suggestSandbox({ ...documentOf({ read: ["/srv/b"] }), mode: "audit", learned });
  expect(suggestion).toMatchObject({ source: "audit", call: ["mailer"], state: true });
  expect(suggestion.toml.split("\n")).toEqual([
    "[service.web.sandbox]",
    'mode = "enforce"',
    'read = ["/srv/a"]',
    "connect = [6379]",
    'listen = "any"',
    'inherit_env = ["LANG"]',
    "max_files = 64",
    "[service.web.allow]",
    'call = ["mailer"]',
  ]);
  expect(remarksOn(suggestion)).toEqual([
    "declared and not used: sandbox.read /srv/b",
    "left out: to read /: it is too much",
    "2 calls could not be looked at: what they used is missing here",
  ]);
  expect(suggestSandbox({ ...documentOf({ read: ["/srv/b"] }), learned })).toMatchObject({ source: "refusals" });
});
