/** Where an input goes: into the path, then the query (GET) or the body (POST). */
export function requestTarget(
  route: { readonly method: "GET" | "POST"; readonly path: string },
  input: object,
): { readonly path: string; readonly body: string | undefined } {
  const rest = new Map<string, unknown>(Object.entries(input).filter(([, value]) => value !== undefined));
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
    const value = rest.get(field);
    rest.delete(field);
    return encodeURIComponent(String(value ?? ""));
  });
  if (route.method === "POST") return { path, body: JSON.stringify(Object.fromEntries(rest)) };
  const query = new URLSearchParams([...rest].map(([field, value]) => [field, String(value)]));
  return { path: rest.size > 0 ? `${path}?${query}` : path, body: undefined };
}
