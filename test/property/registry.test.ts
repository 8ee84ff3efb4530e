import { expect, test } from "bun:test";
import fc from "fast-check";
import { matches, Registry, type Wanted } from "../../src/discover/index.ts";
import { HandClock } from "../support/hand-clock.ts";
import { memoryTable } from "../support/registry-table.ts";

/** A registry beside a plain map of who registered what until when. */

const tenants = ["default", "acme"] as const;
const wanted = fc.record({
  tenant: fc.constantFrom(...tenants),
  serviceId: fc.constantFrom("one", "two"),
  serviceName: fc.constantFrom("cache", "mail"),
  instance: fc.constantFrom(null, "one-1"),
  version: fc.constantFrom("1.0.0", "2.0.0"),
  metadata: fc.dictionary(fc.constantFrom("region", "tier"), fc.constantFrom("eu", "us"), { maxKeys: 2 }),
  url: fc.constant(null),
  ttlMs: fc.constantFrom(0, 1, 1_000, 60_000),
});
const step = fc.oneof(
  fc.record({ do: fc.constant("register" as const), wanted }),
  fc.record({
    do: fc.constantFrom("renew" as const, "unregister" as const),
    tenant: fc.constantFrom(...tenants),
    at: fc.nat(),
  }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(1, 500, 999, 1_000, 59_999, 60_000) }),
  fc.record({ do: fc.constant("jump" as const), ms: fc.integer({ min: -86_400_000, max: 86_400_000 }) }),
  fc.record({ do: fc.constantFrom("sweep" as const, "restart" as const) }),
);

test("it has what a map of registrations has, whatever is done to it and to the machine's clock", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new HandClock();
      const table = memoryTable();
      const model = new Map<string, { readonly wanted: Wanted; readonly handle: string; until: number }>();
      let registry = new Registry({ table, clock });
      for (const one of steps) {
        for (const [key, { until }] of model) if (until <= clock.elapsed) model.delete(key);
        if (one.do === "register") {
          const key = identity(one.wanted);
          const { handle } = registry.register(one.wanted);
          expect(handle).toMatch(/^[0-9a-f]{32}$/);
          expect(handle).toBe(model.get(key)?.handle ?? handle);
          model.set(key, { wanted: one.wanted, handle, until: end(clock, one.wanted) });
        } else if (one.do === "renew" || one.do === "unregister") {
          const chosen = [...model.entries()][one.at % Math.max(1, model.size)];
          const found = registry[one.do](one.tenant, chosen?.[1].handle ?? "");
          // A handle of another tenant is as good as none.
          const isKnown = chosen !== undefined && chosen[1].wanted.tenant === one.tenant;
          expect(found !== undefined).toBe(isKnown);
          if (isKnown && one.do === "renew") chosen[1].until = end(clock, chosen[1].wanted);
          if (isKnown && one.do === "unregister") model.delete(chosen[0]);
        } else if (one.do === "pass") clock.pass(one.ms);
        else if (one.do === "jump") {
          clock.jump(one.ms);
          // What the next kernel goes by is the machine's clock: as it was set, so it is kept from here on.
          for (const { wanted, handle } of model.values()) registry.renew(wanted.tenant, handle);
          for (const entry of model.values()) entry.until = end(clock, entry.wanted);
        } else if (one.do === "sweep") registry.sweep();
        else {
          // What was not swept yet would come back with a clock that was set back meanwhile: then it has its time again.
          registry.sweep();
          registry = new Registry({ table, clock });
        }
        for (const tenant of tenants) {
          const expected = [...model.values()].filter(
            (entry) => entry.wanted.tenant === tenant && entry.until > clock.elapsed,
          );
          expect(registry.of(tenant).map(identity).sort()).toEqual(
            expected.map((entry) => identity(entry.wanted)).sort(),
          );
        }
      }
    }),
  );
});

test("setting the machine's clock ends and prolongs nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e12, max: 1e12 })), fc.integer({ min: 1, max: 999 }), (jumps, ms) => {
      const clock = new HandClock();
      const registry = new Registry({ table: memoryTable(), clock });
      registry.register({ ...plain, ttlMs: 1_000 });
      clock.pass(ms);
      for (const jump of jumps) clock.jump(jump);
      expect(registry.of("default")).toHaveLength(1);
      clock.pass(1_000 - ms);
      expect(registry.of("default")).toHaveLength(0);
    }),
  );
});

test("filters are exact, and all of them count", () => {
  const fields = fc.dictionary(fc.constantFrom("a", "b", "toString", "__proto__"), fc.constantFrom("", "x", "y"));
  fc.assert(
    fc.property(fields, fields, (metadata, filters) => {
      const has = new Map(Object.entries(metadata));
      const all = Object.entries(filters).every(([key, value]) => has.get(key) === value);
      expect(matches(metadata, filters)).toBe(all);
    }),
  );
});

const plain: Wanted = {
  ...{ tenant: "default", serviceId: "one", serviceName: "cache", instance: null },
  ...{ version: "1.0.0", metadata: {}, url: null, ttlMs: 0 },
};

function identity({ tenant, serviceId, serviceName, instance }: Wanted): string {
  return [tenant, serviceName, serviceId, instance].join("/");
}

function end(clock: HandClock, { ttlMs }: Wanted): number {
  return ttlMs === 0 ? Number.POSITIVE_INFINITY : clock.elapsed + ttlMs;
}
