import { SoloError } from "./error.ts";

/**
 * The JSON of a state's value. What JSON has stays as it is; everything else is an object with one key: `{"$bytes": base64}`,
 * `{"$date": RFC 3339}`, `{"$bigint": digits}`, `{"$number": "NaN" | "Infinity" | "-Infinity"}`. An object of the service's
 * own that has a key with a `$` in front is wrapped: `{"$object": {…}}`.
 */
export function toStateJson(value: unknown): unknown {
  if (typeof value === "bigint") return { $bigint: String(value) };
  if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
  if (value === undefined) return null;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? { $date: "invalid" } : { $date: value.toISOString() };
  }
  if (Array.isArray(value)) return value.map(toStateJson);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const plain = Object.fromEntries(entries.map(([key, member]) => [String(key), toStateJson(member)]));
  return Object.keys(plain).some((key) => key.startsWith("$")) ? { $object: plain } : plain;
}

/**
 * The value of such a JSON.
 * @throws SoloError `invalid_request` for an object with a `$` key that is none of those
 */
export function fromStateJson(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(fromStateJson);
  const entries = Object.entries(json);
  const [first] = entries;
  if (first === undefined || !entries.some(([key]) => key.startsWith("$"))) return members(entries);
  if (entries.length > 1) throw unknownForm(json);
  const [form, content]: readonly [string, unknown] = first;
  if (form === "$object" && typeof content === "object" && content !== null && !Array.isArray(content)) {
    return members(Object.entries(content));
  }
  const read = typeof content === "string" ? forms[form] : undefined;
  const value = typeof content === "string" ? read?.(content) : undefined;
  if (value === undefined) throw unknownForm(json);
  return value;
}

const forms: Readonly<Record<string, (text: string) => unknown>> = {
  $bytes: (text) => (/^[A-Za-z0-9+/]*={0,2}$/.test(text) ? new Uint8Array(Buffer.from(text, "base64")) : undefined),
  $date: (text) => (Number.isNaN(Date.parse(text)) ? undefined : new Date(text)),
  $bigint: (text) => (/^-?\d{1,20}$/.test(text) ? within64(BigInt(text)) : undefined),
  $number: (text) =>
    ({ NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, "-Infinity": Number.NEGATIVE_INFINITY })[text],
};

function within64(value: bigint): bigint | undefined {
  return value >= -(2n ** 63n) && value < 2n ** 64n ? value : undefined;
}

function members(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries.map(([key, member]) => [key, fromStateJson(member)]));
}

function unknownForm(json: object): SoloError {
  return new SoloError("invalid_request", `${JSON.stringify(json).slice(0, 200)} is no form of a value`, {
    hint: 'use {"$bytes": base64}, {"$date": time}, {"$bigint": digits}, {"$number": "NaN"}, or {"$object": {…}} around your own $',
  });
}
