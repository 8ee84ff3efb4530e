import { expect, test } from "bun:test";
import fc from "fast-check";
import { ChangedKeys } from "../../../../src/state/core/changed-keys.ts";
import { Table } from "../../../../src/state/core/table.ts";
import type { Mutation } from "../../../../src/state/index.ts";
import { bytes } from "./workshop.ts";

const space = fc.constantFrom("data" as const, "step" as const);
const key = fc.integer({ min: 0, max: 40 }).map(String);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ op: fc.constant("put" as const), space, key }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("delete" as const), space, key }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("flush" as const), fails: fc.boolean() }) },
);

test("what flushes are told of brings what they keep to what the table holds, however much has changed between two of them", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: "max" }), fc.integer({ min: 1, max: 20 }), (steps, most) => {
      const table = new Table();
      const flushed = new Map<string, number>();
      let changed = new ChangedKeys(most);
      const flush = () => {
        for (const batch of changed.batches(table.snapshot())) {
          for (const { space, key, stored } of batch) {
            if (stored === undefined) flushed.delete(`${space}/${key}`);
            else flushed.set(`${space}/${key}`, stored.version);
          }
        }
      };
      for (const [index, one] of [...steps, { op: "flush" as const, fails: false }].entries()) {
        if (one.op === "flush") {
          const before = changed;
          changed = new ChangedKeys(most);
          changed.noteAll(before);
          if (one.fails) continue;
          flush();
          const wanted = [...table.snapshot().entries("data"), ...table.snapshot().entries("step")];
          expect(new Map(wanted.map(({ space, key, version }) => [`${space}/${key}`, version]))).toEqual(flushed);
          changed = new ChangedKeys(most);
          expect(changed.isEmpty).toBe(true);
        } else {
          const { op, space, key } = one;
          const mutation: Mutation =
            op === "put" ? { op, space, key, value: bytes(String(index)) } : { op, space, key };
          table.apply(mutation, index + 1);
          changed.note(mutation, index + 1);
          expect(changed.isEmpty).toBe(false);
        }
      }
    }),
    { numRuns: Number(process.env.SOLO_PROPERTY_RUNS ?? 60) },
  );
});
