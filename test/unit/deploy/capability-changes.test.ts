import { expect, test } from "bun:test";
import { type ServiceSpecInput, serviceSpecSchema } from "../../../src/api/index.ts";
import { capabilityChanges } from "../../../src/deploy/index.ts";

type Part = Partial<ServiceSpecInput>;
const spec = (part: Part) => serviceSpecSchema.parse({ kind: "command", command: ["true"], ...part });

/** Changes as lines, those that widen with an exclamation mark. */
function changes(before: Part | undefined, after: Part): string[] {
  return capabilityChanges(before && spec(before), spec(after)).map(
    ({ change, setting, value, widens }) =>
      `${change === "added" ? "+" : "-"} ${setting} ${value}${widens ? " !" : ""}`,
  );
}

test("the same is no change", () => {
  const all: Part = {
    sandbox: { connect: [443], read: ["/a"] },
    limits: { memory_bytes: 1e8 },
    secrets: [{ name: "KEY" }],
  };
  expect(changes(all, all)).toEqual([]);
});

test("a right that comes widens, one that goes does not", () => {
  expect(
    changes({ sandbox: { connect: [443], read: ["/a"] } }, { sandbox: { connect: [443, 80], write: ["/b"] } }),
  ).toEqual(["- sandbox.read /a", "+ sandbox.write /b !", "+ sandbox.connect 80 !"]);
  expect(
    changes({}, { sandbox: { listen: "any" }, secrets: [{ name: "KEY", env: "KEY" }], allow: { call: ["mailer"] } }),
  ).toEqual(["+ sandbox.listen any !", "+ allow.call mailer !", "+ secrets KEY as KEY !"]);
});

test("a sandbox that goes widens, one that comes does not, whatever else was said of it", () => {
  const off: Part = { sandbox: { mode: "off" } };
  const on: Part = { sandbox: { connect: [443] } };
  expect(changes(on, off)).toEqual(["- sandbox.mode enforce !", "+ sandbox.mode off !"]);
  expect(changes(off, on)).toEqual(["- sandbox.mode off", "+ sandbox.mode enforce"]);
  expect(changes(undefined, off)).toContain("+ sandbox.mode off !");
});

test("a limit widens when it rises or goes", () => {
  const limited = (memory_bytes: number): Part => ({ limits: { memory_bytes } });
  expect(changes(limited(1e8), limited(2e8))).toEqual([
    "- limits.memory_bytes 100000000 !",
    "+ limits.memory_bytes 200000000 !",
  ]);
  expect(changes(limited(2e8), {})).toEqual(["- limits.memory_bytes 200000000 !"]);
  expect(changes({}, limited(2e8))).toEqual(["+ limits.memory_bytes 200000000"]);
});

test("an exec probe, which runs outside the sandbox, is told as well", () => {
  const health = { readiness: { type: "exec" as const, command: ["curl", "x"] } };
  expect(changes({}, { health })).toEqual(["+ health.exec curl x !"]);
});
