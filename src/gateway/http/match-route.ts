import { type OperationName, operationNames, routes, SoloError } from "../../api/index.ts";

export interface RouteMatch {
  readonly name: OperationName;
  /** What stands in the places of `{name}`, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** One segment of the paths that there are. A literal goes before a parameter. */
interface Segment {
  readonly literals: Map<string, Segment>;
  parameter: Segment | undefined;
  /** By method, where a path ends. */
  readonly ends: Map<string, { readonly name: OperationName; readonly fields: readonly string[] }>;
}

/**
 * The operation of a method and path. HEAD is a GET whose answer's body nobody wants.
 * @throws SoloError `not_found` for a path that is none, `invalid_request` for a wrong method or encoding
 */
export function matchRoute(method: string, path: string): RouteMatch {
  const values: string[] = [];
  let place: Segment | undefined = root;
  for (const segment of path.slice(1).split("/")) {
    const literal: Segment | undefined = place.literals.get(segment);
    if (literal === undefined) values.push(segment);
    place = literal ?? (segment === "" ? undefined : place.parameter);
    if (place === undefined) throw nothingAt(path);
  }
  if (place.ends.size === 0) throw nothingAt(path);
  const end = place.ends.get(method === "HEAD" ? "GET" : method);
  if (end === undefined) {
    const allowed = [...place.ends.keys()].join(", ");
    throw new SoloError("invalid_request", `${path} takes ${allowed}, not ${method}`, { details: { allow: allowed } });
  }
  return { name: end.name, parameters: named(end.fields, values) };
}

function nothingAt(path: string): SoloError {
  return new SoloError("not_found", `there is nothing at ${path}`, {
    hint: "operations are under /v1, such as GET /v1/services",
  });
}

function named(fields: readonly string[], values: readonly string[]): Record<string, string> {
  const parameters: Record<string, string> = {};
  try {
    for (const [index, field] of fields.entries()) parameters[field] = decodeURIComponent(values[index] ?? "");
  } catch (cause) {
    throw new SoloError("invalid_request", "the path has a malformed %-escape", { cause });
  }
  return parameters;
}

function segment(): Segment {
  return { literals: new Map(), parameter: undefined, ends: new Map() };
}

function tree(): Segment {
  const top = segment();
  for (const name of operationNames) {
    const { method, path } = routes[name];
    const fields: string[] = [];
    let place = top;
    for (const text of path.slice(1).split("/")) {
      const field = /^\{(\w+)\}$/.exec(text)?.[1];
      if (field === undefined) {
        const next: Segment = place.literals.get(text) ?? segment();
        place.literals.set(text, next);
        place = next;
      } else {
        fields.push(field);
        place.parameter ??= segment();
        place = place.parameter;
      }
    }
    place.ends.set(method, { name, fields });
  }
  return top;
}

const root = tree();
