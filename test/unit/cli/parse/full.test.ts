import { expect, test } from "bun:test";
import { boolean, integer, string } from "@oclif/core/flags";
import { duration } from "../../../../src/cli/index.ts";
import { parseFully } from "../../../../src/cli/parse/full.ts";

const flags = { wait: boolean({ allowNo: true }), replicas: integer({ min: 0 }), host: string(), grace: duration() };

const refusal = (argv: string[]) => parseFully({ flags }, argv, "config:show").catch((error: unknown) => error);

test("a value that a flag refuses is told in the flag's own words", async () => {
  expect(await refusal(["--grace", "soon"])).toMatchObject({
    code: "usage",
    message: '--grace expects a duration, got "soon"',
    hint: "write a number with its unit, such as 250ms, 30s, 5m or 1h30m",
  });
});

test("what oclif refuses names the command that tells more", async () => {
  const hint = "`solo config show --help` shows what it takes";
  expect(await refusal(["--replicas", "x"])).toMatchObject({
    message: '--replicas: expected an integer, got "x"',
    hint,
  });
  expect(await refusal(["word"])).toMatchObject({ code: "usage", message: "unexpected argument word", hint });
  expect(await refusal(["--hosts", "a"])).toMatchObject({
    message: "unknown flag --hosts",
    hint: "did you mean --host?",
  });
});
