import { expect, test } from "bun:test";
import { editDistance, nearest, suggest } from "../../../src/config/nearest.ts";

test.each([
  ["", "", 0],
  ["", "abc", 3],
  ["kitten", "sitting", 3],
  ["ab", "ba", 1],
  ["replica", "replicas", 1],
])("from %j to %j it takes %d edits", (left, right, distance) => {
  expect(editDistance(left, right)).toBe(distance);
  expect(editDistance(right, left)).toBe(distance);
});

test("the nearest word is suggested only when it is near", () => {
  expect(nearest("ingres_port", ["bind", "ingress_port"])).toBe("ingress_port");
  expect(nearest("serv", ["service", "group"])).toBe("service");
  expect(nearest("banana", ["bind", "ingress_port"])).toBeUndefined();
  expect(suggest("banana", ["bind", "port"])).toBe("known here: bind, port");
});
