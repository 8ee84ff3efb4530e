import { expect, test } from "bun:test";
import { keepAccepted, killRequestSchema, restartRequestSchema } from "../../../../src/api/index.ts";
import { accept } from "../../../../src/kernel/api/accept.ts";

test("what a gateway has checked is taken as it is, by the schema that checked it only", () => {
  const checked = keepAccepted(killRequestSchema, killRequestSchema.parse({ name: "web" }));
  expect(accept(killRequestSchema, checked)).toBe(checked);
  expect(accept(killRequestSchema, { ...checked })).not.toBe(checked);
  expect(() => accept(restartRequestSchema, { ...checked, name: "no name" })).toThrow();
  expect(accept(restartRequestSchema, { name: "web" })).toMatchObject({ wait: true });
});
