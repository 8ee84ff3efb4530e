import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { z } from "zod";
import { operationNames } from "../../src/api/index.ts";
import { freePort, type SoloEnv, soloEnv } from "../support/index.ts";
import { type Fields, type JsonSchema, valuesOf, wrongFor } from "../support/schema-arbitrary.ts";

/**
 * The binary against its own description: for every operation of `/openapi.json` as it is served, requests are made up from the
 * schemas, valid and invalid, and every answer must be one that the description lists.
 */

const parameterSchema = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header"]),
  required: z.boolean(),
  schema: z.custom<JsonSchema>(),
});
const contentSchema = z.record(z.string(), z.object({ schema: z.custom<JsonSchema>() }));
const operationSchema = z.object({
  operationId: z.string(),
  parameters: z.array(parameterSchema),
  requestBody: z.object({ required: z.boolean(), content: contentSchema }).optional(),
  responses: z.record(z.string(), z.object({ $ref: z.string().optional(), content: contentSchema.optional() })),
});
const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.object({
    schemas: z.record(z.string(), z.unknown()),
    responses: z.record(z.string(), z.object({ content: contentSchema })),
  }),
});

interface Operation extends z.infer<typeof operationSchema> {
  readonly path: string;
  readonly method: string;
  /** All that it takes, as one object. */
  readonly input: JsonSchema;
}

const port = freePort();
const root = `http://127.0.0.1:${port}`;
const ajv = new Ajv({ strict: false, validateFormats: true });
addFormats(ajv);
let env: SoloEnv;
let token: string;
let document: z.infer<typeof documentSchema>;
const operations = new Map<string, Operation>();

const source = `import { defineService } from "solo";
export default defineService({
  fetch: () => new Response("here"),
  methods: { add: (input, ctx) => ctx.state.increment("n", 1) },
});`;

beforeAll(async () => {
  env = soloEnv();
  (await env.run(["start"], { env: { SOLO_HTTP_PORT: String(port) } })).expect();
  const args = ["capability", "grant", "--resource", "*", "--role", "admin", "--json"];
  token = (await env.run(args)).expect().json(z.object({ token: z.string() })).token;
  document = documentSchema.parse(await (await fetch(`${root}/openapi.json`)).json());
  ajv.addSchema({ $id: "api", ...document });
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      operations.set(operation.operationId, { ...operation, path, method, input: inputOf(operation) });
    }
  }
});
afterAll(() => env[Symbol.asyncDispose]());

function inputOf({ parameters, requestBody }: z.infer<typeof operationSchema>): JsonSchema {
  const body = requestBody?.content["application/json"]?.schema;
  const fields = parameters.filter(({ in: place }) => place !== "header");
  return {
    type: "object",
    properties: { ...body?.properties, ...Object.fromEntries(fields.map(({ name, schema }) => [name, schema])) },
    required: [...(body?.required ?? []), ...fields.filter(({ required }) => required).map(({ name }) => name)],
    additionalProperties: false,
  };
}

function webSpec(): object {
  return { kind: "source", path: env.write("web.ts", source) };
}

/** Deployed, and ready. */
async function service(): Promise<void> {
  const { ready } = await (await send("get", "/v1/services/web", undefined)).json();
  if (ready > 0) return;
  const body = JSON.stringify({ services: [{ name: "web", spec: webSpec() }] });
  const answer = await send("post", "/v1/deploy", body);
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('"type":"result"')]);
}

const names = fc.oneof(
  { weight: 3, arbitrary: fc.constant("web") },
  { weight: 1, arbitrary: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/) },
);
/** What would otherwise leave the folder of the test, or take long. */
const fields = (): Fields => ({
  name: () => names,
  tenant: () => fc.constantFrom("default", "acme"),
  file: ({ pattern }) =>
    pattern === "^\\/" ? fc.stringMatching(/^[a-z]{1,9}$/).map((name) => join(env.notes, name)) : undefined,
  // Nothing that was made up is started.
  dry_run: () => fc.constant(true),
  timeout_ms: () => fc.integer({ min: 1, max: 5_000 }),
  replicas: () => fc.integer({ min: 1, max: 2 }),
});
/** Valid, they would end the kernel. */
const endings = new Set(["shutdown"]);

function send(method: string, target: string, body: string | undefined): Promise<Response> {
  return fetch(`${root}${target}`, {
    method: method.toUpperCase(),
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body }),
    signal: AbortSignal.timeout(answersWithinMs),
  });
}

const answersWithinMs = 20_000;

type Input = Readonly<Record<string, unknown>>;

function request({ path, method }: Operation, input: Input): { readonly target: string; readonly body?: string } {
  const rest: Record<string, unknown> = { ...input };
  const target = path.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
    const value = rest[field];
    delete rest[field];
    return encodeURIComponent(textOf(value));
  });
  if (method !== "get") return { target, body: JSON.stringify(rest) };
  const query = new URLSearchParams();
  for (const [field, value] of Object.entries(rest)) query.append(field, textOf(value));
  return { target: `${target}?${query}` };
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

async function ask(operation: Operation, input: Input): Promise<Answer> {
  const { target, body } = request(operation, input);
  const answer = await send(operation.method, target, body);
  const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
  return { status: answer.status, type, text: await answer.text() };
}

/** What an operation's description allows, but for streams that have no end. */
function inputsOf({ input }: Operation): fc.Arbitrary<Input> {
  const accepts = ajv.compile(input);
  const ends = input.properties !== undefined && "follow" in input.properties ? { follow: false } : {};
  return valuesOf(input, fields())
    .filter((value): value is Input => accepts(value))
    .map((value) => ({ ...value, ...ends }));
}

/** An answer must be one that the description lists for its status, in type and form. */
function check({ operationId, responses }: Operation, { status, type, text }: Answer): void {
  const listed = responses[status];
  if (listed === undefined) throw new Error(`${operationId}: ${status} is not listed: ${text}`);
  const component = listed.$ref?.split("/").at(-1);
  const content = component === undefined ? listed.content : document.components.responses[component]?.content;
  const schema = content?.[type]?.schema;
  if (schema === undefined) throw new Error(`${operationId}: ${status} has no content of type ${type}`);
  const validate = ajv.compile({ ...schema, ...absolute(schema) });
  const documents = type === "application/x-ndjson" ? text.split("\n").filter((line) => line !== "") : [text];
  for (const one of documents) {
    const value: unknown = JSON.parse(one);
    if (type === "application/x-ndjson" && isFailure(value)) continue;
    if (!validate(value)) throw new Error(`${operationId}: ${ajv.errorsText(validate.errors)} in ${one}`);
  }
}

function absolute(schema: JsonSchema): object {
  const reference = "$ref" in schema && typeof schema.$ref === "string" ? schema.$ref : undefined;
  return reference === undefined ? {} : { $ref: `api${reference}` };
}

function isFailure(value: unknown): boolean {
  return z.object({ type: z.literal("error"), error: z.looseObject({ code: z.string() }) }).safeParse(value).success;
}

function operationOf(name: string): Operation {
  const operation = operations.get(name);
  if (operation === undefined) throw new Error(`/openapi.json has no ${name}`);
  return operation;
}

describe("what the description allows is answered as it says", () => {
  test.each(operationNames.filter((name) => !endings.has(name)))("%s", async (name) => {
    await service();
    const operation = operationOf(name);
    await fc.assert(
      fc.asyncProperty(inputsOf(operation), async (input) => check(operation, await ask(operation, input))),
      { numRuns: 6 },
    );
  });
});

describe("what it does not allow is refused with its place", () => {
  test.each(operationNames)("%s", async (name) => {
    const operation = operationOf(name);
    const { properties = {}, required = [] } = operation.input;
    const accepts = ajv.compile(operation.input);
    const base = await acceptable(operation);
    const changed: [field: string, input: Input][] = [["no_such_field", { ...base, no_such_field: 1 }]];
    for (const [field, schema] of Object.entries(properties)) {
      for (const wrong of wrongFor(schema)) changed.push([field, { ...base, [field]: wrong }]);
      const { [field]: _, ...without } = base;
      if (required.includes(field) && !operation.path.includes(`{${field}}`)) changed.push([field, without]);
    }
    for (const [field, input] of changed) {
      const { target } = request(operation, input);
      if (accepts(asSent(operation, input)) || /\/(\/|\?|$)/.test(target)) continue;
      const answer = await ask(operation, input);
      expect([field, input[field], answer.status, answer.text]).toEqual([
        field,
        input[field],
        400,
        expect.stringContaining(field),
      ]);
      check(operation, answer);
    }
  });
});

/** An input that the operation takes: some of what it asks for can't be told by a schema, such as what must not be twice. */
async function acceptable(operation: Operation): Promise<Input> {
  if (endings.has(operation.operationId)) return {};
  if (operation.operationId === "deploy") return { services: [{ name: "web", spec: webSpec() }], dry_run: true };
  for (const input of fc.sample(inputsOf(operation), 50)) {
    const { status } = await ask(operation, input);
    if (status !== 400) return input;
  }
  throw new Error(`${operation.operationId} takes nothing of what its description allows`);
}

test("whatever is sent wherever, nothing breaks", async () => {
  const paths = fc.oneof(
    fc.constantFrom(
      "/services",
      "/services/web",
      "/secrets",
      "/secrets/a",
      "/events",
      "/logs",
      "/health",
      "/metrics",
      "/mcp",
    ),
    fc
      .constantFrom(...[...operations.values()].map(({ path }) => path.replaceAll(/\{\w+\}/g, "web")))
      .filter((path) => path !== "/v1/shutdown"),
    fc.webPath(),
  );
  const query = fc.webQueryParameters({ size: "medium" });
  const bodies = fc.oneof(
    fc.json(),
    fc.string({ unit: "binary" }),
    fc.constant("{"),
    fc.constant('{"__proto__":{"a":1}}'),
  );
  const methods = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS");
  const tags = fc.dictionary(
    fc.constantFrom(
      "if-match",
      "idempotency-key",
      "last-event-id",
      "x-tenant-id",
      "x-request-id",
      "accept",
      "authorization",
    ),
    fc.stringMatching(/^[\x21-\x7e]{1,40}$/),
    { maxKeys: 2 },
  );
  await fc.assert(
    fc.asyncProperty(paths, query, bodies, methods, tags, async (path, given, body, method, headers) => {
      const answer = await fetch(`${root}${path}?${given}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(method !== "GET" && { body }),
        redirect: "manual",
        signal: AbortSignal.timeout(answersWithinMs),
      });
      await answer.body?.cancel();
      expect([method, path, answer.status >= 500]).toEqual([method, path, false]);
    }),
    { numRuns: 300 },
  );
  const log = await Bun.file(join(env.dataDir, "logs", "kernel.log")).text();
  expect(log).not.toMatch(/unexpected|Error: /);
});

/** What a query carries is text, and read as what the operation wants. */
function asSent({ method, parameters, input: { properties = {} } }: Operation, input: Input): Input {
  const isText = (field: string) => parameters.some(({ name, in: place }) => name === field && place !== "header");
  return Object.fromEntries(
    Object.entries(input).map(([field, value]) => {
      if (!isText(field) && method !== "get") return [field, value];
      const text = textOf(value);
      const { type } = properties[field] ?? {};
      if (type === "boolean" && /^(true|false|0|1)$/.test(text)) return [field, text === "true" || text === "1"];
      return [field, (type === "integer" || type === "number") && /^-?\d+$/.test(text) ? Number(text) : text];
    }),
  );
}
