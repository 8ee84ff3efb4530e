import fc from "fast-check";

/** As much of JSON Schema as the API's description uses. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly contentEncoding?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/** Values of a field of that name and schema, where those are wanted instead of whatever the schema allows. */
export type Fields = Readonly<Record<string, (schema: JsonSchema) => fc.Arbitrary<unknown> | undefined>>;

/** Values that a schema allows. */
export function valuesOf(schema: JsonSchema, fields: Fields = {}): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => valuesOf(choice, fields)));
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["any"]);
  return fc.oneof(...types.map((type) => ofType(type, schema, fields)));
}

function ofType(type: string, schema: JsonSchema, fields: Fields): fc.Arbitrary<unknown> {
  if (type === "string") return texts(schema);
  if (type === "integer" || type === "number") return numbers(schema, type);
  if (type === "boolean") return fc.boolean();
  if (type === "null") return fc.constant(null);
  if (type === "array") {
    const { items = {}, minItems = 0, maxItems = minItems + 3 } = schema;
    return fc.array(valuesOf(items, fields), { minLength: minItems, maxLength: Math.min(maxItems, minItems + 3) });
  }
  if (type === "object") return objects(schema, fields);
  return fc.jsonValue({ maxDepth: 2 });
}

function texts({
  pattern,
  format,
  contentEncoding,
  minLength = 0,
  maxLength = 1_000,
}: JsonSchema): fc.Arbitrary<string> {
  if (contentEncoding === "base64") return fc.base64String({ minLength: minLength + 4, maxLength: 400 });
  if (format === "date-time") return moments;
  if (pattern !== undefined) {
    // An unbounded repetition may become longer than another bound allows.
    return fc.stringMatching(new RegExp(pattern), { maxLength: Math.min(maxLength, 200) });
  }
  const bounds = { minLength, maxLength: Math.min(maxLength, minLength + 40) };
  return fc.oneof(fc.string(bounds), fc.string({ ...bounds, unit: "grapheme" })).filter(isWithin(minLength, maxLength));
}

const isWithin = (least: number, most: number) => (text: string) => text.length >= least && text.length <= most;

const moments = fc
  .date({ min: new Date("1971-01-01"), max: new Date("2099-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString());

function numbers({ minimum, maximum, exclusiveMinimum }: JsonSchema, type: string): fc.Arbitrary<number> {
  const least = minimum ?? (exclusiveMinimum === undefined ? -1_000 : exclusiveMinimum + 1);
  const most = maximum ?? Math.max(least, 0) + 1_000_000;
  if (type === "integer") return fc.integer({ min: Math.max(least, -(2 ** 31)), max: Math.min(most, 2 ** 31 - 1) });
  return fc.double({ min: least, max: most, noNaN: true });
}

function objects(schema: JsonSchema, fields: Fields): fc.Arbitrary<Record<string, unknown>> {
  const { properties = {}, required = [], additionalProperties, propertyNames } = schema;
  const known = Object.fromEntries(
    Object.entries(properties).map(([name, inner]) => [name, fields[name]?.(inner) ?? valuesOf(inner, fields)]),
  );
  const present = required.filter((name) => name in known);
  const record = fc.record(known, { requiredKeys: present });
  if (typeof additionalProperties !== "object") return record;
  const names = texts(propertyNames ?? { minLength: 1 }).filter((name) => name !== "__proto__");
  const more = fc.dictionary(names, valuesOf(additionalProperties, fields), { maxKeys: 3 });
  return fc.tuple(more, record).map(([extra, own]) => ({ ...extra, ...own }));
}

/** Values that none of a schema's types allows, nor any of its bounds. */
export function wrongFor(schema: JsonSchema): readonly unknown[] {
  const wrong: unknown[] = [{ no: "such thing" }, ["neither"], true, 0.5, -1, 2 ** 53, "", "\u0000", "no such thing!"];
  if (schema.maxLength !== undefined) wrong.push("x".repeat(schema.maxLength + 1));
  if (schema.maximum !== undefined) wrong.push(schema.maximum + 1);
  if (schema.minimum !== undefined) wrong.push(schema.minimum - 1);
  return wrong;
}
