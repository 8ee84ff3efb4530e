import { afterAll, beforeAll, expect, test } from "bun:test";
import { type SoloEnv, soloEnv } from "../support/index.ts";
import { expectGolden, normalizedJson } from "./golden-file.ts";

/** The JSON of `solo checkpoint`, as scripts rely on it: what is empty, what goes well, what goes wrong. */

let env: SoloEnv;
beforeAll(async () => {
  env = soloEnv();
  env.write(
    "shop.ts",
    `import { defineService } from "solo";
    export default defineService({
      methods: { async add(_, ctx) { return { hits: await ctx.state.increment("hits") }; } },
    });`,
  );
  (await env.run(["deploy", "shop.ts"])).expect();
});
afterAll(() => env[Symbol.asyncDispose]());

/** Runs in the listed order: what a command answers follows from those before it. */
const steps: [name: string, args: string[], code: number][] = [
  ["list-empty", ["list", "shop"], 0],
  ["show-none", ["show", "shop", "latest"], 5],
  ["list-not-found", ["list", "nobody"], 5],
  ["restore-none", ["restore", "shop", "latest", "--yes"], 5],
  ["create", ["create", "shop"], 0],
  ["create-not-found", ["create", "nobody"], 5],
  ["list", ["list", "shop"], 0],
  ["show", ["show", "shop", "latest"], 0],
  ["show-invalid-id", ["show", "shop", "newest"], 2],
  ["show-no-id", ["show", "shop"], 2],
  ["verify", ["verify", "shop", "latest"], 0],
  ["restore-no-point", ["restore", "shop", "--yes"], 2],
  ["restore-two-points", ["restore", "shop", "latest", "--to-position", "1", "--yes"], 2],
  ["restore-unconfirmed", ["restore", "shop", "latest"], 2],
  ["restore-to-come", ["restore", "shop", "--to-position", "1000", "--yes"], 2],
  ["restore-dry-run", ["restore", "shop", "latest", "--dry-run"], 10],
  ["restore-not-covered", ["restore", "shop", "--to-position", "2", "--yes"], 6],
  ["restore", ["restore", "shop", "--to-position", "3", "--yes"], 0],
  ["fork-dry-run", ["fork", "shop", "latest", "--as", "trial", "--dry-run"], 10],
  ["fork", ["fork", "shop", "latest", "--as", "trial"], 0],
  ["fork-conflict", ["fork", "shop", "latest", "--as", "trial"], 6],
  ["export", ["export", "shop", "latest", "--output", "shop.checkpoint"], 0],
  ["export-conflict", ["export", "shop", "latest", "--output", "shop.checkpoint"], 6],
  ["import-dry-run", ["import", "trial", "shop.checkpoint", "--dry-run"], 10],
  ["import", ["import", "trial", "shop.checkpoint"], 0],
  ["import-file-not-found", ["import", "trial", "none.checkpoint"], 2],
  ["import-damaged", ["import", "trial", "shop.ts"], 1],
  ["prune-dry-run", ["prune", "shop", "--count", "1", "--dry-run"], 10],
  ["prune", ["prune", "shop", "--count", "1", "--yes"], 0],
  ["prune-nothing", ["prune", "shop"], 0],
  ["delete-dry-run", ["delete", "shop", "latest", "--dry-run"], 10],
  ["delete", ["delete", "shop", "latest", "--yes"], 0],
  ["delete-not-found", ["delete", "shop", "20260101-000000-aaaaaa", "--yes"], 5],
];

test.each(steps)("JSON of %s", async (name, args, code) => {
  if (name === "create") {
    for (let count = 0; count < 3; count++) (await env.run(["call", "shop", "add"])).expect();
  }
  const { stdout, code: actual } = await env.run(["checkpoint", ...args, "--json"]);
  const text = stdout
    .replaceAll(/\b\d{8}-\d{6}-[0-9a-z]{6}\b/g, "<id>")
    .replaceAll(/\b[0-9a-f]{64}\b/g, "<sha256>")
    .replaceAll(/(?<="(?:entries|replayed)":)\d+/g, '"<count>"');
  expectGolden(`json/checkpoint-${name}.json`, normalizedJson(text, env.root));
  expect(actual).toBe(code);
});
