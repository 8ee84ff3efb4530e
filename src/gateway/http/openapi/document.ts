import { z } from "zod";
import {
  answers,
  descriptions,
  isKeyed,
  type OperationName,
  operationNames,
  operations,
  routes,
} from "../../../api/index.ts";
import { errorComponents, errorReferences, problemSchema } from "./problems.ts";

/** A JSON value whose form OpenAPI prescribes. */
type Json = Readonly<Record<string, unknown>>;

/**
 * The API's description (OpenAPI 3.1), made from the schemas that check every request and answer, so that it can't say
 * anything else than they do.
 */
export function openApiDocument(version: string): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "Solo",
      version,
      summary: "Deploys, supervises, isolates, checkpoints and observes services.",
      description:
        "Every operation of a kernel. A stream answers with one JSON document per line, or with server-sent events for `Accept: text/event-stream`.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "This kernel" }],
    security: [{ capability: [] }],
    tags: tags.map(([name, description]) => ({ name, description })),
    paths: paths(),
    components: {
      securitySchemes: {
        capability: {
          type: "http",
          scheme: "bearer",
          description: "The token of a capability (`solo capability grant`).",
        },
      },
      schemas: { Problem: problemSchema, ...answerSchemas() },
      responses: errorComponents,
    },
  };
}

function paths(): Record<string, Record<string, Json>> {
  const found: Record<string, Record<string, Json>> = {};
  for (const name of operationNames) {
    const { path, method } = routes[name];
    found[path] = { ...found[path], [method.toLowerCase()]: operation(name) };
  }
  return found;
}

function operation(name: OperationName): Json {
  const { path, method, stream } = routes[name];
  const { properties = {}, required = [] } = z.toJSONSchema(operations[name].input, { ...inline, io: "input" });
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, field = ""]) => field);
  const rest = Object.entries(properties).filter(([field]) => !inPath.includes(field));
  const isRequired = (field: string) => required.includes(field);
  const body = {
    type: "object",
    properties: Object.fromEntries(rest),
    required: required.filter((field) => !inPath.includes(field)),
    additionalProperties: false,
  };
  return {
    operationId: name,
    summary: descriptions[name],
    tags: [tagOf(path)],
    ...(operations[name].permission === "open" && { security: [] }),
    parameters: [
      ...inPath.map((field) => ({ name: field, in: "path", required: true, schema: properties[field] })),
      ...(method === "GET"
        ? rest.map(([field, schema]) => ({ name: field, in: "query", required: isRequired(field), schema }))
        : []),
      ...(isKeyed(name) ? [keyParameter] : []),
    ],
    ...(method === "POST" && {
      requestBody: { required: body.required.length > 0, content: { "application/json": { schema: body } } },
    }),
    responses: {
      "200": success(name, stream),
      ...errorReferences(method === "POST", properties),
    },
  };
}

/** Without the names that zod gives its own checks: their patterns say the same. */
const inline = {
  reused: "inline",
  override: ({ jsonSchema }: { readonly jsonSchema: { format?: unknown } }) => {
    if (jsonSchema.format === "starts_with") delete jsonSchema.format;
  },
} as const;

const keyParameter = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "The request is done once under it; a repetition within a day gets the first answer.",
  schema: { type: "string", minLength: 1, maxLength: 257 },
};

function success(name: OperationName, stream: boolean): Json {
  const schema = { $ref: `#/components/schemas/${answerName(name)}` };
  if (!stream) return { description: "Done.", content: { "application/json": { schema } } };
  return {
    description: "One document per line, or per event.",
    content: { "application/x-ndjson": { schema }, "text/event-stream": { schema } },
  };
}

function answerSchemas(): Record<string, unknown> {
  return Object.fromEntries(
    operationNames.map((name) => {
      const { $schema: _, ...schema } = z.toJSONSchema(answers[name], { ...inline, io: "output" });
      return [answerName(name), schema];
    }),
  );
}

/** Operations with the same answer share its description, under the name of the first. */
function answerName(name: OperationName): string {
  const first = operationNames.find((other) => answers[other] === answers[name]) ?? name;
  return `${first[0]?.toUpperCase()}${first.slice(1)}Answer`;
}

const tags: readonly (readonly [tag: string, about: string])[] = [
  ["services", "What runs"],
  ["state", "What services remember"],
  ["checkpoints", "Points in time to come back to"],
  ["steps", "Effects, signals and budgets of durable runs"],
  ["security", "Capabilities, secrets, audit and confinement"],
  ["kernel", "The kernel itself"],
];

function tagOf(path: string): string {
  if (/\/(checkpoints|restore|fork)\b/.test(path)) return "checkpoints";
  if (/\/state\b/.test(path)) return "state";
  if (/\/(effects|signal|budget)\b/.test(path)) return "steps";
  if (/\/(capabilities|secrets|audit|sandbox)\b/.test(path)) return "security";
  return /\/(services|deploy|events|registry|discover)\b/.test(path) ? "services" : "kernel";
}
