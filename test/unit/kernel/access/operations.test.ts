import { expect, test } from "bun:test";
import { type OperationName, operations, permissions } from "../../../../src/api/index.ts";

/** What the access layer relies on, of every operation that there is or will be. */

const names = Object.keys(operations).filter((name): name is OperationName => Object.hasOwn(operations, name));

test("every operation says which permission it needs, of those that there are", () => {
  for (const name of names) {
    const { permission, on } = operations[name];
    expect([...permissions, "open", "any"]).toContain(permission);
    expect(["kernel", "tenant", "service", "visible"]).toContain(on);
  }
});

test("an operation on a tenant or a service has them in its input, under the names that the access layer looks for", () => {
  for (const name of names) {
    const { input, on } = operations[name];
    const fields = Object.keys(input.shape);
    if (on !== "kernel") expect([name, fields]).toEqual([name, expect.arrayContaining(["tenant"])]);
    const hasNames = ["name", "service_id", "services"].some((field) => fields.includes(field));
    if (on === "service") expect([name, hasNames]).toEqual([name, true]);
  }
});

test("nothing that changes something is open", () => {
  const open = names.filter((name) => operations[name].permission === "open");
  expect(open.filter((name) => operations[name].changes)).toEqual([]);
  expect(open.toSorted()).toEqual(["health", "version"]);
});
