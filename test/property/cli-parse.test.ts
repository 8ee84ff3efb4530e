import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Interfaces } from "@oclif/core";
import { Glob } from "bun";
import fc from "fast-check";
import type { SoloCommand } from "../../src/cli/index.ts";
import { parseFully } from "../../src/cli/parse/full.ts";
import { parsePlain } from "../../src/cli/parse/plain.ts";

const folder = join(import.meta.dir, "../../commands");
const files = [...new Glob("**/*.ts").scanSync(folder)].sort();
const commands = await Promise.all(
  files.map(async (file): Promise<typeof SoloCommand> => (await import(join(folder, file))).default),
);

const values = fc.constantFrom(
  "web",
  "5",
  "0",
  "10s",
  "1MB",
  "A=b",
  "a b",
  "",
  "-1",
  "-",
  "--",
  "é",
  "ready",
  "permanent",
);

/** A command with a line of its own flags, of others', and of words. */
const lines = fc.constantFrom(...commands).chain((command) => {
  const flags: Interfaces.FlagInput = { ...command.baseFlags, ...command.flags };
  const words = Object.entries(flags).flatMap(([name, { char }]) => [`--${name}`, ...(char ? [`-${char}`] : [])]);
  const flag = fc.constantFrom(...words, "--no-wait", "--no-json", "--nope", "-Z");
  const piece = fc.oneof(
    flag.map((word) => [word]),
    values.map((word) => [word]),
    fc.tuple(flag, values).map(([word, value]) => [word, value]),
    fc.tuple(flag, values).map(([word, value]) => [`${word}=${value}`]),
    fc.tuple(flag, values).map(([word, value]) => [`${word}${value}`]),
  );
  return fc.tuple(
    fc.constant(command),
    fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.flat()),
  );
});

const seed = Number(process.env.SOLO_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`a line that is parsed without oclif means what oclif says (SOLO_SEED=${seed})`, async () => {
  let plain = 0;
  await fc.assert(
    fc.asyncProperty(lines, async ([command, argv]) => {
      const { args, baseFlags, flags, strict } = command;
      const ours = strict ? await parsePlain({ flags: { ...baseFlags, ...flags }, args }, argv) : undefined;
      if (ours === undefined) return;
      plain += 1;
      const theirs = await parseFully({ args, baseFlags, flags, strict }, argv, "test");
      expect({ args: ours.args, flags: ours.flags }).toEqual({ args: { ...theirs.args }, flags: { ...theirs.flags } });
      // oclif's order is that of each word's first appearance, which puts "a", "b", "a" in another one.
      expect(ours.argv.toSorted()).toEqual(theirs.argv.toSorted());
    }),
    { seed, numRuns: Number(process.env.SOLO_RUNS ?? 5_000), endOnFailure: true },
  );
  expect(plain).toBeGreaterThan(100);
}, 60_000);
