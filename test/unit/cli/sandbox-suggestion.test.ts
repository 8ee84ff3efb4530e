import { expect, test } from "bun:test";
import type { SandboxDocument } from "../../../src/api/index.ts";
import { suggestSandbox } from "../../../src/cli/sandbox-suggestion.ts";

type Refused = readonly [access: SandboxDocument["refused"][number]["access"], target: string | number | null];

function suggested(declared: Partial<SandboxDocument["declared"]>, ...refused: Refused[]) {
  return suggestSandbox({
    service: "web",
    tenant: "default",
    revision: "abc",
    mode: "enforce",
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
  });
}

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
