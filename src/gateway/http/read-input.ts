import { z } from "zod";
import { type OperationName, operations, SoloError } from "../../api/index.ts";
import { bodyText } from "./body-text.ts";
import type { RequestUrl } from "./request-url.ts";

type Input = Record<string, unknown>;

/** The raw input of an operation: path parameters with the query (GET, at once) or the JSON body (POST). */
export function readInput(
  request: Request,
  url: RequestUrl,
  name: OperationName,
  parameters: Readonly<Record<string, string>>,
): Input | Promise<Input> {
  if (operations[name].method !== "GET") {
    return fromBody(request, name).then((given) => withRest(given, request, name, parameters));
  }
  return withRest(url.search === "" ? {} : fromQuery(url.searchParams, name), request, name, parameters);
}

/** What is said in the path and by `Last-Event-ID` beside it. */
function withRest(
  given: Input,
  request: Request,
  name: OperationName,
  parameters: Readonly<Record<string, string>>,
): Input {
  const seen = request.headers.get("last-event-id");
  if (seen !== null && "since_cursor" in operations[name].input.shape) given.since_cursor ??= seen;
  const twice = Object.keys(parameters).find((field) => Object.hasOwn(given, field));
  if (twice !== undefined) {
    throw new SoloError("invalid_request", `${twice}: given in the path already`, { details: { field: twice } });
  }
  return { ...given, ...parameters };
}

/** A query has only text; what the operation wants as number or boolean is read as one. */
function fromQuery(query: URLSearchParams, name: OperationName): Input {
  const input: Input = {};
  const fields = readersOf(name);
  for (const [field, text] of query) {
    if (Object.hasOwn(input, field)) {
      throw new SoloError("invalid_request", `${field}: given twice`, { details: { field } });
    }
    input[field] = fields.get(field)?.(text) ?? text;
  }
  return input;
}

async function fromBody(request: Request, name: OperationName): Promise<Input> {
  const text = await bodyText(request);
  if (name !== "upload" && text.length > maxBodyBytes) {
    throw new SoloError("too_large", `the body has ${text.length} bytes; ${name} takes up to ${maxBodyBytes}`);
  }
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch (cause) {
    throw new SoloError("invalid_request", "the body is no JSON", { cause });
  }
  throw new SoloError("invalid_request", "the body must be a JSON object");
}

const number = (text: string) => (/^-?\d+$/.test(text) ? Number(text) : text);
const boolean = (text: string) =>
  text === "true" || text === "1" ? true : text === "false" || text === "0" ? false : text;

/** How a query's text is read, by operation and field, where the operation wants no text. */
const readers = new Map<OperationName, ReadonlyMap<string, (text: string) => unknown>>();

function readersOf(name: OperationName): ReadonlyMap<string, (text: string) => unknown> {
  const known = readers.get(name);
  if (known !== undefined) return known;
  const found = new Map<string, (text: string) => unknown>();
  for (const [field, schema] of Object.entries<z.ZodType>(operations[name].input.shape)) {
    const innermost = unwrapped(schema);
    if (innermost instanceof z.ZodBoolean) found.set(field, boolean);
    if (innermost instanceof z.ZodNumber) found.set(field, number);
  }
  readers.set(name, found);
  return found;
}

function unwrapped(schema: z.ZodType): unknown {
  let inner: unknown = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) inner = inner.unwrap();
  return inner;
}

/** A project of a thousand services with large environments is about 2 MB. */
const maxBodyBytes = 16_000_000;
