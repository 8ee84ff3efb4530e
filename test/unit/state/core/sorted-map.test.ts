import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { SortedMap, type SortedSnapshot } from "../../../../src/state/core/sorted-map.ts";

setDefaultTimeout(30_000);

const key = fc.integer({ min: 0, max: 400 }).map((number) => number.toString(36));
const step = fc.oneof(
  fc.record({ op: fc.constant("set" as const), key, value: fc.nat() }),
  fc.record({ op: fc.constant("delete" as const), key }),
  fc.record({ op: fc.constant("snapshot" as const) }),
);

test("keys that come in order are put behind one another, beside snapshots as well", () => {
  const map = new SortedMap<number>();
  const snapshots: SortedSnapshot<number>[] = [];
  const name = (number: number) => String(number).padStart(6, "0");
  for (let number = 0; number < 20_000; number++) {
    if (number % 1_000 === 7) snapshots.push(map.snapshot());
    expect(map.set(name(number), number)).toBeUndefined();
    if (number % 700 === 0) expect(map.delete(name(number))).toBe(number);
  }
  expect(map.set(name(3), -3)).toBe(3);
  expect(map.set(name(19_999), -1)).toBe(19_999);
  expect(map.size).toBe(20_000 - Math.ceil(20_000 / 700));
  expect([...map.entries("")].length).toBe(map.size);
  for (const [index, snapshot] of snapshots.entries()) {
    const [last] = [...snapshot.entries()].slice(-1);
    expect(last).toEqual([name(index * 1_000 + 6), index * 1_000 + 6]);
    expect(snapshot.size).toBe([...snapshot.entries()].length);
  }
});

test("a sorted map is a map in order, and its snapshots never change", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: "max" }), (steps) => {
      const map = new SortedMap<number>();
      const model = new Map<string, number>();
      const snapshots: { readonly snapshot: SortedSnapshot<number>; readonly wanted: (readonly [string, number])[] }[] =
        [];
      for (const one of steps) {
        if (one.op === "snapshot") snapshots.push({ snapshot: map.snapshot(), wanted: sorted(model) });
        else if (one.op === "set") {
          expect(map.set(one.key, one.value)).toBe(model.get(one.key));
          model.set(one.key, one.value);
        } else {
          expect(map.delete(one.key)).toBe(model.get(one.key));
          model.delete(one.key);
        }
      }
      expect([...map.entries("")]).toEqual(sorted(model));
      const cursor = map.cursor();
      for (const { key: name } of steps.flatMap((one) => (one.op === "snapshot" ? [] : [one]))) {
        expect(cursor.get(name)).toBe(model.get(name));
      }
      const inOrder = map.cursor();
      for (let number = 0; number <= 400; number++) {
        const name = number.toString(36).padStart(2, "0");
        expect([name, inOrder.get(name)]).toEqual([name, model.get(name)]);
      }
      expect([...map.entries("5")]).toEqual(sorted(model).filter(([name]) => name >= "5"));
      expect(map.size).toBe(model.size);
      for (const [name, value] of model) expect(map.get(name)).toBe(value);
      for (const { snapshot, wanted } of snapshots) expect([...snapshot.entries()]).toEqual(wanted);
    }),
    { numRuns: Number(process.env.SOLO_PROPERTY_RUNS ?? 60) },
  );
});

function sorted(model: ReadonlyMap<string, number>): (readonly [string, number])[] {
  return [...model].sort(([one], [other]) => (one < other ? -1 : 1));
}
