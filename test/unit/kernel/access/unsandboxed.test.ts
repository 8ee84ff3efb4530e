import { expect, test } from "bun:test";
import { deployRequestSchema, type ServiceSpecInput } from "../../../../src/api/index.ts";
import { furtherNeeds } from "../../../../src/kernel/access/target.ts";

function needed(...sandboxes: ServiceSpecInput["sandbox"][]): string[] {
  const services = sandboxes.map((sandbox, index) => ({
    name: `s${index}`,
    spec: { kind: "command" as const, command: ["true"], ...(sandbox && { sandbox }) },
  }));
  const needs = furtherNeeds({ operation: "deploy", input: deployRequestSchema.parse({ services }) });
  return needs.map(({ permission }) => permission);
}

test("who deploys something without a sandbox needs more than deploy", () => {
  expect(needed({ mode: "off" })).toEqual(["unsandboxed"]);
  expect(needed({}, { mode: "off" })).toEqual(["unsandboxed"]);
  expect(needed({ mode: "audit" })).toEqual(["unsandboxed"]);
  expect(needed(undefined, {}, { mode: "best-effort" })).toEqual([]);
  expect(furtherNeeds({ operation: "kill", input: { name: "a", tenant: "default" } })).toEqual([]);
});
