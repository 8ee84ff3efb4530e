import { z } from "zod";
import { answers, deployProgressSchema, type OperationName, operations } from "../../api/index.ts";
import { isDestructive } from "./annotations.ts";
import { pageFields } from "./page.ts";

/** The contract's schemas as JSON schemas, with what tools have beside them. */

export interface ObjectSchema {
  readonly type: "object";
  readonly properties?: Record<string, object>;
  readonly required?: string[];
  readonly [keyword: string]: unknown;
}

/** How an operation's answer reaches an agent: whole, a piece of a stream, or the result that a stream of progress ends with. */
export type AnswerForm = "document" | "page" | "result";

export function answerForm(name: OperationName): AnswerForm {
  if (!operations[name].stream) return "document";
  return hasProgress(name) ? "result" : "page";
}

/** @param tenant what stands for a tenant that is left out */
export function inputSchema(name: OperationName, tenant: string): ObjectSchema {
  const { properties, required: needed = [], ...rest } = jsonSchema(operations[name].input, "input");
  const required = name === "upload" ? needed.filter((field) => field !== "content") : needed;
  const fields = {
    ...properties,
    ...(properties?.tenant !== undefined && { tenant: { ...properties.tenant, default: tenant } }),
    ...(answerForm(name) === "page" && fieldSchemas(pageFields)),
    ...(name === "upload" && { text: textField }),
    ...(isDestructive(name) && { confirmation: confirmationField }),
  };
  return { ...rest, type: "object", properties: fields, ...(required.length > 0 && { required }) };
}

export function outputSchema(name: OperationName): ObjectSchema {
  const answer = answerSchema(name);
  if (!isDestructive(name)) return answer;
  return { type: "object", anyOf: [answer, jsonSchema(confirmationSchema, "output")] };
}

/** What a destructive tool answers first. */
export const confirmationSchema = z.object({
  confirmation_required: z.object({
    /** To be given as `confirmation` with the same input. */
    confirmation: z.string(),
    expires: z.iso.datetime(),
    effect: z.string(),
    /** The service that it concerns, as it is. */
    service: z.object({ state: z.string(), replicas: z.int(), ready: z.int() }).nullable(),
    /** What a dry run of it answered, where there is one. */
    dry_run: z.unknown(),
  }),
});
export type ConfirmationRequest = z.infer<typeof confirmationSchema>;

function answerSchema(name: OperationName): ObjectSchema {
  const form = answerForm(name);
  if (form === "document") return jsonSchema(answers[name], "output");
  if (form === "result") return jsonSchema(resultSchema, "output");
  return jsonSchema(pageOf(answers[name]), "output");
}

function pageOf(element: z.ZodType) {
  return z.object({
    items: z.array(element),
    stopped_by: z.enum(["end", "items", "bytes", "time"]),
    next: z.record(z.string(), z.string()).nullable(),
  });
}

function hasProgress(name: OperationName): boolean {
  const answer: z.ZodType = answers[name];
  return answer === deployProgressSchema;
}

const [, resultSchema] = deployProgressSchema.options;

const confirmationField = {
  type: "string",
  description: "What the first call of this tool answered; without it nothing is done",
};

/** Models write text better than they encode it. */
const textField = { type: "string", description: "Its text, instead of `content`" };

function fieldSchemas(fields: Readonly<Record<string, z.ZodType>>): Record<string, object> {
  return jsonSchema(z.object(fields), "input").properties ?? {};
}

/** Formats of zod's own, which others warn of; a pattern, or an encoding, beside them says the same. */
function override({ jsonSchema: { format }, jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (format === "starts_with" || format === "base64") delete jsonSchema.format;
}

/** Root schemas are objects (MCP); `$schema` is left out, because it is the default of MCP and unknown to older validators. */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): ObjectSchema {
  const { $schema: _, properties, required, ...rest } = z.toJSONSchema(schema, { io, reused: "inline", override });
  const fields = Object.entries(properties ?? {}).map(([name, field]) => [
    name,
    typeof field === "object" ? field : {},
  ]);
  return { ...rest, type: "object", properties: Object.fromEntries(fields), ...(required && { required }) };
}
