import type { OperationInput, OperationName } from "../../api/operations.ts";
import { routes } from "../../api/routes/index.ts";

/** What an operation's request looks like under HTTP. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
}

/** Fields that stand in the path go there; the others are the query of a GET, or the body of a POST. */
export function requestOf<Name extends OperationName>(name: Name, input: OperationInput<Name>): ApiRequest {
  const { method, path: pattern } = routes[name];
  const fields = new Map<string, unknown>(Object.entries(input));
  const path = pattern.replace(/\{(\w+)\}/g, (_, field: string) => {
    const value = fields.get(field);
    fields.delete(field);
    return encodeURIComponent(String(value));
  });
  if (method === "POST") return { method, path, body: JSON.stringify(Object.fromEntries(fields)) };
  const query = new URLSearchParams();
  for (const [field, value] of fields) if (value !== undefined) query.set(field, String(value));
  return { method, path: query.size === 0 ? path : `${path}?${query}`, body: undefined };
}
