import { type OperationName, operations, SoloError } from "../../api/index.ts";

/** The raw input of an operation: path parameters with the query (GET) or the JSON body (POST). */
export async function readInput(
  request: Request,
  url: URL,
  name: OperationName,
  parameters: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const given = operations[name].method === "GET" ? fromQuery(url.searchParams, name) : await fromBody(request);
  const twice = Object.keys(parameters).find((field) => Object.hasOwn(given, field));
  if (twice !== undefined) {
    throw new SoloError("invalid_request", `${twice}: given in the path already`, { details: { field: twice } });
  }
  return { ...given, ...parameters };
}

/** A query has only text; what the operation wants as number or boolean is read as one. */
function fromQuery(query: URLSearchParams, name: OperationName): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [field, text] of query) {
    if (Object.hasOwn(input, field)) {
      throw new SoloError("invalid_request", `${field}: given twice`, { details: { field } });
    }
    input[field] = scalarFields.get(`${name}.${field}`)?.(text) ?? text;
  }
  return input;
}

async function fromBody(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text();
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

/** `operation.field` → how its text is read. Everything else in a query is text. */
const scalarFields: ReadonlyMap<string, (text: string) => unknown> = new Map<string, (text: string) => unknown>([
  ["logs.follow", boolean],
  ["logs.tail", number],
  ["events.follow", boolean],
  ["events.tail", number],
  ["stateScan.limit", number],
  ["stateWatch.follow", boolean],
]);
