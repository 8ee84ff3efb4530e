import { afterAll, expect, test } from "bun:test";
import { hostname } from "node:os";
import { soloEnv } from "../support/index.ts";
import { expectGolden, normalizedJson } from "./golden-file.ts";

/** The JSON of `solo tls`, as scripts rely on it. */

const env = soloEnv();
afterAll(() => env[Symbol.asyncDispose]());

/** Runs in the listed order: what a command answers follows from those before it. */
const steps: readonly (readonly [name: string, args: readonly string[], code: number])[] = [
  ["show-none", ["show"], 5],
  ["client-none", ["client", "ci"], 5],
  ["init-no-host", ["init", "--host", "no host"], 2],
  ["init", ["init", "--host", "solo.example.com"], 0],
  ["init-again", ["init"], 6],
  ["client", ["client", "ci", "--tenant", "acme", "--role", "ci", "--days", "90d"], 0],
  ["client-again", ["client", "ci"], 6],
  ["client-no-role", ["client", "ops", "--role", "owner"], 2],
  ["client-all", ["client", "ops", "--all-tenants", "--role", "none"], 0],
  ["renew", ["renew", "--host", "10.0.0.5"], 0],
  ["revoke", ["revoke", "ci"], 0],
  ["revoke-again", ["revoke", "ci"], 0],
  ["revoke-elsewhere", ["revoke", "5F:2A:9C:0D:1E:3B:4A:59"], 0],
  ["revoke-nobody", ["revoke", "nobody"], 5],
  ["show", ["show"], 0],
];

test.each(steps)("JSON of %s", async (name, args, code) => {
  const { stdout, code: ended } = await env.run(["tls", ...args, "--json"]);
  const text = normalizedJson(stdout, env.root)
    .replaceAll(/"[0-9a-f]{64}"/g, '"<sha256>"')
    .replaceAll(/"[0-9a-f]{29,32}"/g, '"<serial>"')
    .replaceAll(`"${hostname().toLowerCase()}"`, '"<hostname>"');
  expectGolden(`json/tls-${name}.json`, text);
  expect(ended).toBe(code);
});
