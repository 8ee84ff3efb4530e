import { type OperationName, routes } from "../../src/api/index.ts";
import { requestTarget } from "../../src/client/request-target.ts";

/** A request that no client would make. */
export interface RawRequest {
  readonly name: OperationName;
  readonly input: Readonly<Record<string, unknown>>;
  readonly token: string | undefined;
}

/** Any operation with any input over a kernel's socket, as a stranger may send it. */
export function rawClient(socketPath: string) {
  return async ({ name, input, token }: RawRequest): Promise<{ status: number; text: string }> => {
    const { method } = routes[name];
    const { path, body } = requestTarget(routes[name], input);
    const response = await fetch(`http://solo${path}`, {
      unix: socketPath,
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(body !== undefined && { body }),
    });
    return { status: response.status, text: await response.text() };
  };
}
