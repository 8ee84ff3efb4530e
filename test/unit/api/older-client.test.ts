import { expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { isOperationName, operations } from "../../../src/api/index.ts";

/** What a client of an older build asks, recorded from it: this build's kernel must still take all of it. */

const operationSchema = z.object({
  method: z.enum(["GET", "POST"]),
  path: z.string(),
  stream: z.boolean(),
  fields: z.array(z.string()),
  required: z.array(z.string()),
});
const recorded = join(import.meta.dir, "../client/fixtures/older-client.json");
const older = z.object({ operations: z.record(z.string(), operationSchema) }).parse(await Bun.file(recorded).json());

test.each(Object.entries(older.operations))(
  "%s is where an older client asks for it, and takes what that sends",
  (name, was) => {
    if (!isOperationName(name)) throw new Error(`there is no ${name} any more`);
    const { input, ...operation } = operations[name];
    const { method, path, stream }: Pick<typeof was, "method" | "path" | "stream"> = operation;
    expect({ method, path, stream }).toEqual({ method: was.method, path: was.path, stream: was.stream });
    const { properties = {}, required = [] } = z.toJSONSchema(input, { io: "input" });
    expect(was.fields.filter((field) => !(field in properties))).toEqual([]);
    expect(required.filter((field) => !was.required.includes(field))).toEqual([]);
  },
);
