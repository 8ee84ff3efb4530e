import { beforeAll, expect, test } from "bun:test";
import type { Interfaces } from "@oclif/core";
import { candidates, readTypedLine } from "../../../src/cli/completion/index.ts";
import { commandTable } from "../../../src/command-table.ts";

const names = {
  services: async () => ["web", "worker"],
  contexts: async () => ["local", "prod"],
  settings: async () => ["solo.bind"],
};
let manifest: Interfaces.Manifest;
beforeAll(async () => {
  manifest = await commandTable.manifest();
});

async function complete(...words: string[]): Promise<string[]> {
  return (await candidates(words, manifest, names)).map(({ word }) => word);
}

test("first come commands and topics, hidden ones never", async () => {
  expect(await complete("")).toContain("deploy");
  expect(await complete("con")).toEqual(["config", "context"]);
  expect(await complete("completion", "")).toEqual(["bash", "fish", "zsh"]);
});

test("then names of services, where a command takes one that exists", async () => {
  expect(await complete("logs", "w")).toEqual(["web", "worker"]);
  expect(await complete("logs", "--follow", "we")).toEqual(["web"]);
  expect(await complete("logs", "web", "")).toEqual([]);
  expect(await complete("deploy", "w")).toEqual([]);
});

test("an alias completes like its command", async () => {
  expect(await complete("ls", "--js")).toEqual(["--json"]);
});

test("flags of the command, with their negation", async () => {
  expect(await complete("deploy", "x.ts", "--no-w")).toEqual(["--no-wait"]);
  expect(await complete("restart", "web", "--ti")).toEqual(["--timeout"]);
});

test("values of flags that have a closed set", async () => {
  expect(await complete("deploy", "--kind", "")).toEqual(["command", "port", "source", "wasm"]);
  expect(await complete("list", "--context", "p")).toEqual(["prod"]);
  expect(await complete("kill", "--service-id", "wo")).toEqual(["worker"]);
  expect(await complete("list", "--config", "")).toEqual([]);
});

test("arguments of context, config and help", async () => {
  expect(await complete("context", "use", "")).toEqual(["local", "prod"]);
  expect(await complete("config", "explain", "solo.")).toEqual(["solo.bind"]);
  expect(await complete("help", "exit")).toEqual(["exit-codes"]);
  expect(await complete("help", "config", "sh")).toEqual(["show"]);
});

test("global flags may stand anywhere, and flags' values are no arguments", async () => {
  expect(await complete("--json", "--tenant", "acme", "logs", "we")).toEqual(["web"]);
  expect(await complete("--context", "p")).toEqual(["prod"]);
  expect(await complete("logs", "--tail", "5", "we")).toEqual(["web"]);
  expect(await complete("logs", "web", "--tail", "5", "")).toEqual([]);
});

test("the values of global flags decide which names there are", () => {
  expect(readTypedLine(["--tenant", "acme", "logs", "--data-dir=/x", "--quiet"])).toEqual({
    words: ["logs"],
    globals: { tenant: "acme", "data-dir": "/x" },
  });
  expect(readTypedLine(["logs", "--tenant"])).toEqual({ words: ["logs", "--tenant"], globals: {} });
});

test("a flag and its value as one word", async () => {
  expect(await complete("deploy", "--kind=so")).toEqual(["--kind=source"]);
  expect(await complete("--context=p")).toEqual(["--context=prod"]);
  expect(await complete("deploy", "--env=A")).toEqual([]);
});

test("nothing behind the separator: that is the program's", async () => {
  expect(await complete("deploy", "x", "--", "--")).toEqual([]);
});
