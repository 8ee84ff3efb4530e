import type { z } from "zod";

/** Which schema made a value. */
const schemas = new WeakMap<object, z.ZodType>();

/**
 * Remembers that a schema made a value, so that whoever gets it next need not check it again: a request passes a gateway, the
 * access layer and the kernel. Only for what nobody changes any more.
 */
export function keepAccepted<Value>(schema: z.ZodType<Value>, value: Value): Value {
  if (typeof value === "object" && value !== null) schemas.set(value, schema);
  return value;
}

/** Whether a value is one that the schema made. */
export function isAccepted<Schema extends z.ZodType>(schema: Schema, value: unknown): value is z.output<Schema> {
  return typeof value === "object" && value !== null && schemas.get(value) === schema;
}
