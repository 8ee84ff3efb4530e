import { Ingress, type IngressOptions } from "../../../src/traffic/index.ts";

export const key = "default/app";
export const host = "app.localhost";

/** An ingress on a free port with one route, to the given ports. */
export function ingressTo(ports: readonly number[], options: Partial<IngressOptions> = {}): Ingress {
  const ingress = Ingress.listen({ bind: "127.0.0.1", port: 0, ...options });
  ingress.setRoute(key, [host]);
  ports.forEach((port, i) => {
    ingress.addEndpoint(key, { id: String(i), port });
  });
  return ingress;
}

/** A request for the route, as bytes. */
export function request(line = "GET / HTTP/1.1", fields: readonly string[] = [], body = ""): string {
  return [line, `Host: ${host}`, ...fields, "", body].join("\r\n");
}
