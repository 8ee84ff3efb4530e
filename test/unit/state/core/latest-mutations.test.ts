import { expect, test } from "bun:test";
import { LatestMutations } from "../../../../src/state/core/latest-mutations.ts";
import { sortInTurns } from "../../../../src/state/core/sort-in-turns.ts";
import { spaces } from "../../../../src/state/core/space.ts";
import { Table } from "../../../../src/state/core/table.ts";
import { Turns } from "../../../../src/state/core/turns.ts";
import type { Mutation } from "../../../../src/state/core/types.ts";
import { seededRandom } from "../../../support/random.ts";

const random = seededRandom(7);

function mutation(): Mutation {
  const [space, key] = [random.below(3) === 0 ? "step" : "data", `key-${random.below(50)}`] as const;
  if (random.below(4) === 0) return { op: "delete", space, key };
  return { op: "put", space, key, value: Uint8Array.of(random.below(256)) };
}

test("what is left of many mutations makes the table that all of them would have made", async () => {
  for (const most of [1, 7, 1_000]) {
    const [expected, table] = [new Table(), new Table()];
    const latest = new LatestMutations(most);
    const applied = new Set<string>();
    const turns = new Turns();
    const apply = () => latest.applyTo(table, turns, ({ space, key }) => applied.add(`${space} ${key}`));
    const noted = new Set<string>();
    for (let version = 1; version <= 500; version++) {
      const next = mutation();
      expected.apply(next, version);
      noted.add(`${next.space} ${next.key}`);
      latest.note(next, version);
      if (latest.isFull) await apply();
    }
    await apply();
    for (const space of spaces) expect([...table.entries(space)]).toEqual([...expected.entries(space)]);
    expect(table.bytes).toBe(expected.bytes);
    expect(applied).toEqual(noted);
  }
});

test("sorting takes turns with the event loop, whatever the number", async () => {
  for (const count of [0, 1, 4_096, 4_097, 20_000]) {
    const texts = Array.from({ length: count }, () => `key-${random.below(count)}`);
    let turns = 0;
    const counting = new Turns();
    counting.next = () => {
      turns++;
      return Promise.resolve();
    };
    expect(await sortInTurns(texts, counting)).toEqual([...texts].sort());
    expect(turns).toBeGreaterThanOrEqual(Math.floor(count / 4_096));
  }
});
