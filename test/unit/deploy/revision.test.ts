import { expect, test } from "bun:test";
import { serviceSpecSchema } from "../../../src/api/index.ts";
import { revisionId } from "../../../src/deploy/index.ts";

const spec = serviceSpecSchema.parse({ kind: "source", path: "/srv/a.ts", env: { A: "1", B: "2" } });

test("the same content is the same revision, whatever the order of its keys", () => {
  const other = serviceSpecSchema.parse({ env: { B: "2", A: "1" }, path: "/srv/a.ts", kind: "source" });
  expect(revisionId(other, "d1")).toBe(revisionId(spec, "d1"));
  expect(revisionId(spec, "d1")).toMatch(/^[0-9a-f]{12}$/);
});

test("a change of artifact or specification is another revision; scaling is none", () => {
  expect(revisionId(spec, "d2")).not.toBe(revisionId(spec, "d1"));
  expect(revisionId({ ...spec, args: ["x"] }, "d1")).not.toBe(revisionId(spec, "d1"));
  expect(revisionId({ ...spec, replicas: 5 }, "d1")).toBe(revisionId(spec, "d1"));
});
