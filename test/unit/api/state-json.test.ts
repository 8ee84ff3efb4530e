import { expect, test } from "bun:test";
import fc from "fast-check";
import { fromStateJson, toStateJson } from "../../../src/api/state-json.ts";

const scalar = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array(),
);
const key = fc
  .oneof(fc.string(), fc.constantFrom("$bytes", "$date", "$object", "$mine", "$"))
  .filter((text) => text !== "__proto__");
const value = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small" }, scalar, fc.array(tie("value")), fc.dictionary(key, tie("value"))),
})).value;

test("every value of a state comes back from its JSON", () => {
  fc.assert(
    fc.property(value, (given) => {
      const json: unknown = JSON.parse(JSON.stringify(toStateJson(given)));
      expect(fromStateJson(json)).toEqual(withoutNegativeZero(given));
    }),
    { numRuns: Number(process.env.SOLO_PROPERTY_RUNS ?? 500) },
  );
});

test("what has a $ and is no form is refused", () => {
  for (const json of [
    { $mine: 1 },
    { $bytes: "AQI=", more: 1 },
    { $bytes: "*" },
    { $bytes: 7 },
    { $date: "someday" },
    { $bigint: "1.5" },
    { $bigint: "99999999999999999999" },
    { $number: "7" },
    { $object: [1] },
    [{ deep: { $: 1 } }],
  ]) {
    expect(() => fromStateJson(json)).toThrow("is no form of a value");
  }
});

/** JSON has no −0. */
function withoutNegativeZero(given: unknown): unknown {
  if (given === 0) return 0;
  if (Array.isArray(given)) return given.map(withoutNegativeZero);
  if (typeof given !== "object" || given === null || given instanceof Date || given instanceof Uint8Array) return given;
  return Object.fromEntries(Object.entries(given).map(([name, member]) => [name, withoutNegativeZero(member)]));
}
