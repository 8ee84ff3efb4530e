import { expect, test } from "bun:test";
import fc from "fast-check";
import { type CapabilityFacts, permissions, SoloError } from "../../src/api/index.ts";
import { coversService, coversTenant, hasPermission } from "../../src/kernel/access/authorize.ts";
import type { Issued, Wanted } from "../../src/security/capability/index.ts";
import { CapabilityShop } from "../support/capability-shop.ts";

/** The properties that SOLO asks of capabilities, under the names that it gives them. */

const tenants = ["default", "acme"] as const;
const services = ["api", "mailer"] as const;
const methods = ["add", "list"] as const;
const everyPermission = [...permissions, ...methods.map((method) => `call:${method}`)];

const resource = fc.constantFrom("*", "tenant", ...services.map((name) => `service:${name}`));
const permissionSet = fc.uniqueArray(fc.constantFrom(...everyPermission), { minLength: 1, maxLength: 6 });
const bounds = {
  ttlMs: fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined }),
  rate: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
  calls: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
};
const root = fc.record({ tenant: fc.constantFrom(...tenants), resource, permissions: permissionSet, ...bounds });
const narrowing = fc.record({
  tenant: fc.option(fc.constantFrom(...tenants), { nil: undefined }),
  resource: fc.option(resource, { nil: undefined }),
  permissions: fc.option(permissionSet, { nil: undefined }),
  ...bounds,
});

const open = () => new CapabilityShop();

test("no forgery: no text but a granted token opens anything", () => {
  const shop = open();
  const tokens = Array.from({ length: 100 }, () => grantAll(shop).token);
  const known = new Set(tokens);
  const character = fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
  const guess = fc.oneof(
    fc.string({ unit: character, minLength: 43, maxLength: 43 }).map((text) => `solo_cap_${text}`),
    fc.string(),
    // One character of a real one is another: the last holds four bits, so a decoder would take several for the same.
    fc
      .tuple(fc.constantFrom(...tokens), fc.nat(51), character)
      .map(([token, at, other]) => token.slice(0, at) + other + token.slice(at + 1)),
    fc.constantFrom(...tokens).chain((token) => fc.constantFrom(`${token} `, ` ${token}`, `${token}=`, token.slice(1))),
  );
  fc.assert(fc.property(guess, (text) => shop.isValid(text) === known.has(text)));
});

test("revoked always refused: with all that came from it, and by every later kernel", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
      fc.nat(),
      fc.boolean(),
      (parents, chosen, later) => {
        const shop = open();
        const family: { issued: Issued; parent: number | null }[] = [{ issued: grantAll(shop), parent: null }];
        for (const choice of parents) {
          const parent = choice % family.length;
          const from = family[parent]?.issued.capability;
          if (from !== undefined) family.push({ issued: shop.capabilities.narrow(from, {}), parent });
        }
        const revoked = chosen % family.length;
        const top = family[revoked]?.issued.capability;
        if (top !== undefined) shop.capabilities.revoke(top);
        if (later) shop.reopen();
        for (const [index, { issued }] of family.entries()) {
          expect(shop.isValid(issued.token)).toBe(!isWithin(family, index, revoked));
        }
      },
    ),
    { numRuns: 40 },
  );
});

test("expired always refused: whatever somebody does to the clock, and across kernels", () => {
  const step = fc.oneof(
    fc.record({ pass: fc.integer({ min: 0, max: 40_000 }) }),
    fc.record({ jump: fc.integer({ min: -1_000_000, max: 1_000_000 }) }),
    fc.record({ orderly: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60_000 }), fc.array(step, { maxLength: 20 }), (ttlMs, steps) => {
      const shop = open();
      const { token } = grantAll(shop, { ttlMs });
      let lived = 0;
      let wasRefused = false;
      for (const next of steps) {
        if ("pass" in next) lived += next.pass;
        if ("pass" in next) shop.clock.pass(next.pass);
        else if ("jump" in next) shop.clock.jump(next.jump);
        else {
          // Of what one kernel saw, only what it looked at is known to the next one, if it does not end in order.
          shop.isValid(token);
          shop.reopen(next);
        }
        const isValid = shop.isValid(token);
        if (wasRefused) expect(isValid).toBe(false);
        if ("pass" in next && lived >= ttlMs + uncounted(steps)) expect(isValid).toBe(false);
        wasRefused ||= !isValid;
      }
    }),
    { numRuns: 200 },
  );
});

test("attenuated never exceeds its parent: in permissions, resource, tenant, time, rate or number", () => {
  fc.assert(
    fc.property(root, fc.array(narrowing, { minLength: 1, maxLength: 5 }), fc.nat(200), (first, chain, uses) => {
      const shop = open();
      let parent = shop.capabilities.grant(first);
      for (const wanted of chain) {
        const child = narrowed(shop, parent, wanted);
        if (child === undefined) continue;
        expectWithin(child.capability.facts, parent.capability.facts);
        parent = child;
      }
      const allowed = first.calls ?? Number.POSITIVE_INFINITY;
      expect(usesOf(shop, parent.capability.id, uses)).toBeLessThanOrEqual(allowed);
    }),
    { numRuns: 300 },
  );
});

test("what is narrowed is what was asked for, or refused: nothing is cut back in silence", () => {
  fc.assert(
    fc.property(root, narrowing, (first, wanted) => {
      const shop = open();
      const parent = shop.capabilities.grant(first);
      const child = narrowed(shop, parent, wanted);
      if (child === undefined) return;
      const { facts } = child.capability;
      if (wanted.permissions !== undefined) expect(facts.permissions).toEqual(wanted.permissions);
      if (wanted.resource !== undefined) expect(facts.resource).toBe(wanted.resource);
      if (wanted.ttlMs !== undefined) expect(facts.expires_ms).toBe(shop.clock.now() + wanted.ttlMs);
    }),
  );
});

test("the operations of all that came from one capability together never exceed its number, also across crashes", () => {
  const use = fc.record({ by: fc.nat(4), crash: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.array(use, { maxLength: 400 }), (calls, uses) => {
      const shop = open();
      const parent = grantAll(shop, { calls });
      const ids = [parent, ...Array.from({ length: 4 }, () => shop.capabilities.narrow(parent.capability, {}))].map(
        ({ capability }) => capability.id,
      );
      let used = 0;
      for (const { by, crash } of uses) {
        used += usesOf(shop, ids[by] ?? "", 1);
        if (crash) shop.reopen();
      }
      expect(used).toBeLessThanOrEqual(calls);
    }),
    { numRuns: 50 },
  );
});

function grantAll(shop: CapabilityShop, wanted: Pick<Wanted, "ttlMs" | "calls"> = {}): Issued {
  return shop.capabilities.grant({ tenant: "default", resource: "*", permissions, ...wanted });
}

/** Undefined when it is refused, which only what goes beyond the parent may be. */
function narrowed(shop: CapabilityShop, parent: Issued, wanted: Wanted): Issued | undefined {
  try {
    return shop.capabilities.narrow(parent.capability, wanted);
  } catch (error) {
    expect(SoloError.from(error).code).toBe("forbidden");
    return undefined;
  }
}

function expectWithin(child: CapabilityFacts, parent: CapabilityFacts): void {
  for (const permission of everyPermission) {
    if (hasPermission(child, permission)) expect(hasPermission(parent, permission)).toBe(true);
  }
  for (const tenant of [...tenants, null]) {
    if (coversTenant(child, tenant)) expect(coversTenant(parent, tenant)).toBe(true);
    for (const name of services) {
      if (tenant !== null && coversService(child, tenant, name)) expect(coversService(parent, tenant, name)).toBe(true);
    }
  }
  expect(child.expires_ms ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(
    parent.expires_ms ?? Number.POSITIVE_INFINITY,
  );
  expect(child.rates).toEqual(expect.arrayContaining([...parent.rates]));
}

function isWithin(family: readonly { readonly parent: number | null }[], index: number, top: number): boolean {
  for (let at: number | null = index; at !== null; at = family[at]?.parent ?? null) if (at === top) return true;
  return false;
}

/** How many of so many operations are let through. */
function usesOf(shop: CapabilityShop, id: string, times: number): number {
  for (let count = 0; count < times; count++) {
    try {
      shop.capabilities.use(id);
    } catch (error) {
      expect(SoloError.from(error).code).toBe("budget_exhausted");
      return count;
    }
  }
  return times;
}

/** What is lost at most of the time that passed: while no kernel runs, a clock that was set back hides it. */
function uncounted(steps: readonly object[]): number {
  return steps.some((step) => "orderly" in step) ? Number.POSITIVE_INFINITY : 0;
}
