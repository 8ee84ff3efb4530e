import { expect, test } from "bun:test";
import { SoloError } from "../../../../src/api/index.ts";
import { type Lease, Slots } from "../../../../src/traffic/admission/index.ts";

function refusal(take: () => unknown): SoloError {
  try {
    take();
  } catch (error) {
    if (error instanceof SoloError) return error;
  }
  throw new Error("it was not refused");
}

test("a tenant gets its places and no more, and is told when to try again", () => {
  const slots = new Slots("requests", { perTenant: 2, total: 10 });
  slots.take("acme");
  slots.take("acme");
  const error = refusal(() => slots.take("acme"));
  expect(error.code).toBe("limit_exceeded");
  expect(error.status).toBe(429);
  expect(error.details).toMatchObject({ bound: "tenant", limit: 2, retry_after_ms: 1_000 });
  expect(() => slots.take("other")).not.toThrow();
});

test("all tenants together get no more than the total", () => {
  const slots = new Slots("requests", { perTenant: 2, total: 3 });
  for (const tenant of ["a", "a", "b"]) slots.take(tenant);
  expect(refusal(() => slots.take("b")).details).toMatchObject({ bound: "total", limit: 3 });
  expect(slots.stats).toMatchObject({ inFlight: 3, refused: 1 });
});

test("releasing twice is harmless: it gives one place back, not another holder's", () => {
  const slots = new Slots("requests", { perTenant: 2, total: 2 });
  const first = slots.take("acme");
  slots.take("acme");
  first.release();
  first.release();
  first.release();
  expect(slots.stats.inFlight).toBe(1);
  const third = slots.take("acme");
  expect(refusal(() => slots.take("acme")).code).toBe("limit_exceeded");
  first.release();
  expect(slots.stats.inFlight).toBe(2);
  third.release();
  expect(slots.stats.inFlight).toBe(1);
});

test("nothing is kept of a tenant that holds no place", () => {
  const slots = new Slots("requests", { perTenant: 100, total: 1_000 });
  const leases: Lease[] = [];
  for (let tenant = 0; tenant < 500; tenant++) leases.push(slots.take(`tenant-${tenant}`));
  for (const lease of leases) lease.release();
  expect(slots.stats.tenants.size).toBe(0);
  expect(slots.stats.inFlight).toBe(0);
});
