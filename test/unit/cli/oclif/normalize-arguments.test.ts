import { expect, test } from "bun:test";
import { normalizeArguments } from "../../../../src/cli/oclif/normalize-arguments.ts";

const commands = new Set(["list", "deploy", "config:show", "context:add"]);
const normalize = (...argv: string[]) => normalizeArguments(argv, (id) => commands.has(id));

test("a word that names a command is the command", () => {
  expect(normalize("list", "--json")).toEqual({ id: "list", rest: ["--json"], help: false });
});

test("the longest run of words that names a command is taken", () => {
  expect(normalize("config", "show", "x")).toMatchObject({ id: "config:show", rest: ["x"] });
});

test("global flags may stand before the command", () => {
  expect(normalize("--json", "--tenant", "acme", "list")).toMatchObject({
    id: "list",
    rest: ["--json", "--tenant", "acme"],
  });
  expect(normalize("--tenant=acme", "config", "show")).toMatchObject({ id: "config:show", rest: ["--tenant=acme"] });
});

test("a value of a global flag is no command", () => {
  expect(normalize("--context", "list", "deploy")).toMatchObject({ id: "deploy" });
});

test("words that name nothing give no command", () => {
  expect(normalize("lisst")).toMatchObject({ id: undefined, rest: ["lisst"] });
  expect(normalize()).toMatchObject({ id: undefined, rest: [] });
});

test("help is asked for by flag, but not behind the separator", () => {
  expect(normalize("deploy", "x", "-h").help).toBe(true);
  expect(normalize("deploy", "x", "--", "--help").help).toBe(false);
});
