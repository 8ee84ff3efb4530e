import { expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { openDatabase } from "../../src/kernel/database/index.ts";
import { EventLog } from "../../src/observe/events/index.ts";
import { systemClock } from "../../src/system/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

const tenants = ["default", "team"] as const;
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("emit" as const),
      tenant: fc.constantFrom(...tenants),
      name: fc.constantFrom("a", "b", "a-b"),
      bytes: fc.nat({ max: 400 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("flush" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
);

test("whatever is emitted, flushed and restarted: ids have no gap, filters match, budgets hold, the newest are kept", async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 150 }), async (steps) => {
      const path = join(folder, `${++run}.db`);
      const budget = { rows: 50, bytes: 10_000 };
      let database = openDatabase(path);
      let log = new EventLog(database.handle, systemClock, budget);
      const emitted: { id: number; key: string }[] = [];
      for (const action of steps) {
        if (action.kind === "flush") log.flush();
        else if (action.kind === "restart") {
          log.close();
          database.close();
          database = openDatabase(path);
          log = new EventLog(database.handle, systemClock, budget);
        } else {
          const { tenant, name, bytes } = action;
          const { id } = log.emit({
            tenant,
            event: "e",
            subject: `${tenant}/${name}/x`,
            data: { text: "y".repeat(bytes) },
          });
          emitted.push({ id, key: `${tenant}/${name}` });
        }
      }
      expect(emitted.map(({ id }) => id)).toEqual(emitted.map((_, index) => index + 1));
      log.flush();
      const kept = database.handle.query<{ id: number }, []>("SELECT id FROM events ORDER BY id").all();
      expect(kept.length).toBeLessThanOrEqual(51);
      expect(kept.map(({ id }) => id)).toEqual(emitted.slice(emitted.length - kept.length).map(({ id }) => id));
      for (const tenant of tenants) {
        for (const name of ["a", "b", "a-b"]) {
          const read: number[] = [];
          for await (const { id } of log.read({ tenant, name })) read.push(id);
          const own = emitted.filter(({ id, key }) => key === `${tenant}/${name}` && id >= (kept[0]?.id ?? 0));
          expect(read).toEqual(own.map(({ id }) => id));
        }
      }
      log.close();
      database.close();
    }),
    { numRuns: 25 },
  );
}, 30_000);
