import type { OperationInput, OperationName, OperationOutput } from "../../api/operations.ts";
import { versionHeader } from "../../api/routes/index.ts";
import { type ApiFailure, failureOf, toFailure } from "./failure.ts";
import { requestOf } from "./request.ts";

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** The `ETag` of the status that the change is meant for: it is refused when somebody changed the service meanwhile. */
  readonly ifMatch?: string | null | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ClientOptions {
  readonly token: string;
  /** The token is no longer valid. */
  readonly onRefused: (failure: ApiFailure) => void;
  /** The kernel is of another build than the one that the page came from. */
  readonly onUpdated: () => void;
}

/** The kernel, as whoever signed in has it. */
export interface Client {
  /** @throws ApiFailure */
  call<Name extends OperationName>(
    name: Name,
    input: OperationInput<Name>,
    options?: CallOptions,
  ): Promise<Answer<Name>>;
  /** The answer's own response, for streams. @throws ApiFailure */
  open<Name extends OperationName>(name: Name, input: OperationInput<Name>, options?: CallOptions): Promise<Response>;
}

export interface Answer<Name extends OperationName> {
  readonly document: OperationOutput[Name];
  readonly etag: string | null;
}

export function createClient({ token, onRefused, onUpdated }: ClientOptions): Client {
  let build: string | null = null;
  const open: Client["open"] = async (name, input, { signal, ifMatch, headers = {} } = {}) => {
    const { method, path, body } = requestOf(name, input);
    const response = await fetch(path, {
      method,
      headers: {
        ...(token !== "" && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(ifMatch && { "if-match": ifMatch }),
        ...headers,
      },
      cache: "no-store",
      credentials: "omit",
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    }).catch((thrown: unknown) => {
      throw signal?.aborted ? thrown : toFailure(thrown);
    });
    const served = response.headers.get(versionHeader);
    if (build !== null && served !== null && served !== build) onUpdated();
    build = served ?? build;
    if (response.ok) return response;
    const failure = await failureOf(response);
    if (failure.status === 401) onRefused(failure);
    throw failure;
  };
  return {
    open,
    call: async (name, input, options) => {
      const response = await open(name, input, options);
      return { document: await response.json(), etag: response.headers.get("etag") };
    },
  };
}
