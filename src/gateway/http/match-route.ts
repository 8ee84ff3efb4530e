import { type OperationName, routes, SoloError } from "../../api/index.ts";

export interface RouteMatch {
  readonly name: OperationName;
  /** What stands in the places of `{name}`, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * The operation of a method and path.
 * @throws SoloError `not_found` for a path that is none, `invalid_request` for a wrong method or encoding
 */
export function matchRoute(method: string, path: string): RouteMatch {
  const found = patterns.filter(({ pattern }) => pattern.test(path));
  const match = found.find((candidate) => candidate.method === method);
  if (match) return { name: match.name, parameters: decode(match.pattern.exec(path)?.groups ?? {}) };
  const [other] = found;
  if (other) {
    const allowed = found.map((candidate) => candidate.method).join(", ");
    throw new SoloError("invalid_request", `${path} takes ${allowed}, not ${method}`, { details: { allow: allowed } });
  }
  throw new SoloError("not_found", `there is nothing at ${path}`, {
    hint: "operations are under /v1, such as GET /v1/services",
  });
}

function decode(groups: Readonly<Record<string, string>>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([field, text]) => [field, decodeURIComponent(text)]));
  } catch (cause) {
    throw new SoloError("invalid_request", "the path has a malformed %-escape", { cause });
  }
}

function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(routes, name);
}

const patterns = Object.keys(routes)
  .filter(isOperationName)
  .map((name) => ({
    name,
    method: routes[name].method,
    pattern: new RegExp(`^${routes[name].path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`),
  }));
