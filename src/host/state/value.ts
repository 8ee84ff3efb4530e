import { SoloError } from "../../api/error.ts";
import { pack, unpack } from "../../api/message-pack.ts";

/** How deep lists and objects may lie in one another. */
const maxDepth = 60;

/** MessagePack's integers. */
const leastInteger = -(2n ** 63n);
const mostInteger = 2n ** 64n - 1n;

/**
 * The MessagePack of a value. Text, numbers, booleans, null, bytes, dates, lists and plain objects come back as they are; a
 * bigint within 64 bits comes back as a number where one holds it exactly; a Map with keys of text comes back as an object;
 * `undefined` within a value comes back as null.
 * @throws SoloError `invalid_request` for a value that would not come back, such as a function or an object of a class
 */
export function encodeValue(key: string, value: unknown): Uint8Array {
  if (value === undefined) throw refused(key, "", "undefined", "`delete` removes a key");
  check(key, value, "", 0);
  return pack(value);
}

export function decodeValue(bytes: unknown): unknown {
  return bytes instanceof Uint8Array ? unpack(bytes) : undefined;
}

function check(key: string, value: unknown, path: string, depth: number): void {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
    case "undefined":
      return;
    case "bigint":
      if (value >= leastInteger && value <= mostInteger) return;
      throw refused(key, path, "a bigint of more than 64 bits", "keep it as text");
    case "object":
      break;
    default:
      throw refused(key, path, `a ${typeof value}`);
  }
  if (value === null || value instanceof Uint8Array || value instanceof Date) return;
  if (depth >= maxDepth) throw refused(key, path, `more than ${maxDepth} levels of lists and objects`);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) check(key, value[index], `${path}[${index}]`, depth + 1);
    return;
  }
  if (value instanceof Map) {
    for (const [name, member] of value) {
      if (typeof name !== "string") throw refused(key, path, `a Map with a key that is a ${typeof name}`);
      check(key, member, `${path}.${name}`, depth + 1);
    }
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw refused(
      key,
      path,
      `an object of class ${value.constructor.name}`,
      "store a plain object with what counts of it",
    );
  }
  for (const [name, member] of Object.entries(value)) check(key, member, `${path}.${name}`, depth + 1);
}

function refused(key: string, path: string, what: string, hint?: string): SoloError {
  const place = path === "" ? "" : ` at ${path.replace(/^\./, "")}`;
  return new SoloError("invalid_request", `${JSON.stringify(key)} can't hold ${what}${place}`, {
    ...(hint !== undefined && { hint }),
  });
}
