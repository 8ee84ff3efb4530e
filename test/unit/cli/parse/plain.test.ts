import { expect, test } from "bun:test";
import { string as argument } from "@oclif/core/args";
import { boolean, integer, string } from "@oclif/core/flags";
import { parsePlain } from "../../../../src/cli/parse/plain.ts";

const flags = {
  json: boolean(),
  wait: boolean({ allowNo: true, default: true }),
  replicas: integer({ char: "r", min: 0 }),
  env: string({ char: "e", multiple: true, multipleNonGreedy: true }),
  done: boolean({ exclusive: ["failed"] }),
};
const args = { path: argument({ required: true }), name: argument() };

const parse = (...argv: string[]) => parsePlain({ flags, args }, argv);

test("plain lines are parsed without oclif", async () => {
  expect(await parse("a.ts", "web", "--json", "-r", "3", "--env=A=1", "-e", "B=2")).toEqual({
    args: { path: "a.ts", name: "web" },
    argv: ["a.ts", "web"],
    flags: { json: true, wait: true, replicas: 3, env: ["A=1", "B=2"] },
  });
  expect(await parse("--no-wait", "a.ts")).toMatchObject({ args: { path: "a.ts" }, flags: { wait: false } });
});

test("what is wrong or rare is left to oclif", async () => {
  const lines = [
    [],
    ["a", "b", "c"],
    ["a", "-r"],
    ["a", "-r3"],
    ["a", "-r", "x"],
    ["a", "--json", "--json"],
    ["a", "--no-json"],
  ];
  for (const line of [
    ...lines,
    ["a", "--done"],
    ["a", "--"],
    ["a", "-"],
    ["a", "--nope"],
    ["a", "--json=1"],
    ["a", "-r", "-1"],
  ]) {
    expect([line, await parse(...line)]).toEqual([line, undefined]);
  }
});
