import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { Registry, registrationTable, type Wanted } from "../../../src/discover/index.ts";
import { migrations } from "../../../src/kernel/database/schema.ts";
import { HandClock } from "../../support/hand-clock.ts";

const payments: Wanted = {
  ...{ tenant: "acme", serviceId: "billing", serviceName: "payments", instance: null },
  ...{ version: "1.2.0", metadata: { region: "eu" }, url: "http://10.0.0.7:9000/", ttlMs: 30_000 },
};

function open() {
  const database = new Database(":memory:", { strict: true });
  for (const step of migrations) database.run(step);
  const clock = new HandClock();
  const restarted = () => new Registry({ table: registrationTable(database), clock });
  const rows = () => database.query("SELECT count(*) AS n FROM registrations").get();
  return { clock, registry: restarted(), restarted, rows };
}

test("the first registration of a tenant is there, by its name and by its handle", () => {
  const { registry } = open();
  const { handle } = registry.register(payments);
  expect(registry.of("acme")).toMatchObject([payments]);
  expect(registry.find("acme", handle)).toMatchObject(payments);
  expect(registry.of("default")).toEqual([]);
  expect(registry.find("default", handle)).toBeUndefined();
});

test("registering again replaces, and never duplicates", () => {
  const { registry, restarted, rows } = open();
  const first = registry.register(payments);
  const second = registry.register({ ...payments, version: "2.0.0", metadata: {} });
  expect(second.handle).toBe(first.handle);
  expect(registry.of("acme")).toMatchObject([{ version: "2.0.0", metadata: {} }]);
  expect(restarted().of("acme")).toMatchObject([{ version: "2.0.0", metadata: {} }]);
  expect(rows()).toEqual({ n: 1 });
});

test("the same name of another service, and of another instance, is another registration", () => {
  const { registry, restarted } = open();
  registry.register(payments);
  registry.register({ ...payments, serviceId: "wallet" });
  registry.register({ ...payments, instance: "billing-1" });
  expect(registry.of("acme")).toHaveLength(3);
  expect(restarted().of("acme")).toHaveLength(3);
});

test("what has expired is hidden at once, swept later, and can't be renewed", () => {
  const { registry, clock, rows } = open();
  const { handle } = registry.register(payments);
  clock.pass(29_999);
  expect(registry.renew("acme", handle)).toMatchObject(payments);
  clock.pass(29_999);
  expect(registry.of("acme")).toHaveLength(1);
  clock.pass(1);
  expect(registry.of("acme")).toEqual([]);
  expect(registry.renew("acme", handle)).toBeUndefined();
  expect(rows()).toEqual({ n: 1 });
  expect(registry.sweep()).toMatchObject([{ handle }]);
  expect(rows()).toEqual({ n: 0 });
  expect(registry.register(payments).handle).not.toBe(handle);
});

test("the next kernel has what this one had, with the time that was left", () => {
  const { registry, restarted, clock } = open();
  const { handle } = registry.register(payments);
  registry.register({ ...payments, serviceName: "for-good", ttlMs: 0 });
  clock.pass(10_000);
  const next = restarted();
  expect(next.find("acme", handle)).toMatchObject(payments);
  clock.pass(20_000);
  expect(next.of("acme")).toMatchObject([{ serviceName: "for-good" }]);
  // A machine's clock that was set back gives nothing a longer life than it asked for.
  clock.jump(-86_400_000);
  const later = restarted();
  clock.pass(30_000);
  expect(later.of("acme")).toMatchObject([{ serviceName: "for-good" }]);
});

test("a tenant has so many registrations at most; what has expired doesn't count", () => {
  const { registry, clock } = open();
  for (let index = 0; index < 10_000; index += 1) registry.register({ ...payments, serviceId: `s${index}` });
  expect(() => registry.register(payments)).toThrow(expect.objectContaining({ code: "limit_exceeded" }));
  expect(registry.register({ ...payments, serviceId: "s7" })).toBeDefined();
  expect(registry.register({ ...payments, tenant: "default" })).toBeDefined();
  clock.pass(30_000);
  expect(registry.register(payments)).toBeDefined();
  expect(registry.of("acme")).toHaveLength(1);
});
