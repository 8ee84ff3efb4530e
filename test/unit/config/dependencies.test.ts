import { expect, test } from "bun:test";
import { type ServiceSpecInput, serviceSpecSchema } from "../../../src/api/spec.ts";
import { checkDependencies, reportsReadiness } from "../../../src/config/index.ts";

const spec = (input: Partial<ServiceSpecInput>) => serviceSpecSchema.parse({ kind: "source", path: "/a.ts", ...input });
const service = (name: string, depends_on: ServiceSpecInput["depends_on"] = {}) => ({
  name,
  spec: spec({ depends_on }),
});

test("good dependencies have no faults, a shared one included", () => {
  const services = [
    service("a", { b: "healthy", c: "started" }),
    service("b", { d: "healthy" }),
    service("c", { d: "healthy" }),
    service("d"),
  ];
  expect(checkDependencies(services)).toEqual([]);
});

test("a service that is deployed already may be depended on", () => {
  expect(checkDependencies([service("a", { b: "healthy" })], [service("b")])).toEqual([]);
  expect(checkDependencies([service("a", { b: "healthy" })])).toMatchObject([
    { service: "a", dependency: "b", reason: "unknown" },
  ]);
});

test("a cycle through a deployed service is found", () => {
  const faults = checkDependencies([service("a", { b: "started" })], [service("b", { a: "started" })]);
  expect(faults).toMatchObject([{ reason: "cycle", message: "dependency cycle: a → b → a" }]);
});

test("a service can't depend on itself", () => {
  expect(checkDependencies([service("a", { a: "started" })])).toMatchObject([{ message: "dependency cycle: a → a" }]);
});

test("two cycles are two faults", () => {
  const services = [
    service("a", { b: "started" }),
    service("b", { a: "started" }),
    service("c", { d: "started" }),
    service("d", { c: "started", a: "started" }),
  ];
  expect(checkDependencies(services).map(({ message }) => message)).toEqual([
    "dependency cycle: a → b → a",
    "dependency cycle: c → d → c",
  ]);
});

test("a chain of ten thousand services is checked", () => {
  const services = Array.from({ length: 10_000 }, (_, index) =>
    service(`s${index}`, index === 0 ? {} : { [`s${index - 1}`]: "healthy" }),
  );
  expect(checkDependencies(services.toReversed())).toEqual([]);
});

test("readiness is known of hosts, of programs with a probe, and of those that are given a port", () => {
  const command = (input: Partial<ServiceSpecInput>) =>
    spec({ kind: "command", path: undefined, command: ["x"], ...input });
  expect(reportsReadiness(spec({}))).toBeTrue();
  expect(reportsReadiness(spec({ kind: "wasm" }))).toBeTrue();
  expect(reportsReadiness(command({}))).toBeFalse();
  expect(reportsReadiness(command({ health: { liveness: { type: "tcp", port: 0 } } }))).toBeFalse();
  expect(reportsReadiness(command({ health: { readiness: { type: "tcp", port: 0 } } }))).toBeTrue();
  expect(reportsReadiness(command({ command: ["x", "--port=$PORT"] }))).toBeTrue();
  expect(reportsReadiness(command({ fixed_port: 80 }))).toBeTrue();
});
