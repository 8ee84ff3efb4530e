import type { OperationInput, OperationName, SoloApi } from "./operations.ts";

/** Who asks something of a kernel. Gateways only turn credentials into one; what it may do is decided behind them. */
export type Caller = AnonymousCaller | OwnerCaller | CapabilityCaller | ServiceCaller;

/** Someone without credentials: has the `open` operations. */
export interface AnonymousCaller {
  readonly kind: "anonymous";
  readonly request_id: string;
}

/** Who may read the owner's files, or runs in the kernel's own process: may do all. */
export interface OwnerCaller {
  readonly kind: "owner";
  readonly request_id: string;
}

/** Who showed a token. */
export interface CapabilityCaller {
  readonly kind: "capability";
  readonly request_id: string;
  readonly capability: CapabilityFacts;
}

/** An instance of a service, by the token that it was started with or by its key on the kernel's own sockets. */
export interface ServiceCaller {
  readonly kind: "service";
  readonly request_id: string;
  readonly tenant: string;
  readonly name: string;
  /** The instance's id. */
  readonly instance: string;
  readonly capability: CapabilityFacts;
}

/** What a token allows, without the token. */
export interface CapabilityFacts {
  readonly id: string;
  /** The only tenant of whose existence it knows; without meaning for the resource `*`. */
  readonly tenant: string;
  /** `service:NAME`, `tenant` (all services of its tenant) or `*` (all tenants, and the kernel). */
  readonly resource: string;
  /** Permissions, and `call:METHOD` for single methods. */
  readonly permissions: readonly string[];
  /** Whom it was delegated to, such as `service:NAME`. */
  readonly holder: string | null;
  /** Milliseconds since 1970; null: never. */
  readonly expires_ms: number | null;
  /** Its own and its ancestors' limits of operations per second: an operation counts against each. */
  readonly rates: readonly CapabilityRate[];
}

export interface CapabilityRate {
  /** The capability whose limit it is. */
  readonly id: string;
  readonly per_second: number;
}

export interface OnceRequest<Name extends OperationName = OperationName> {
  readonly caller: Caller;
  /** Undefined: the work is done each time. */
  readonly key: string | undefined;
  readonly operation: Name;
  readonly input: OperationInput<Name>;
}

/** The API as each caller has it: what a gateway stands before. */
export interface ApiAccess {
  /** @param idempotencyKey under which what changes something is done once for that caller, however often it is asked for */
  readonly apiFor: (caller: Caller, idempotencyKey?: string) => SoloApi;
  /**
   * Work of several operations that is done once under a key, as a single one is by `apiFor`. For whom and for what it is
   * remembered says the one operation that stands for all of it. Its answer is JSON.
   * @throws SoloError what the work does, and `conflict` for a key of something else
   */
  readonly once: (request: OnceRequest, work: (api: SoloApi) => Promise<unknown>) => Promise<unknown>;
  /**
   * Who shows a token.
   * @throws SoloError `unauthenticated` for one that is unknown, expired or revoked
   */
  readonly callerOf: (token: string, requestId: string) => Caller;
  /**
   * What can be said before an input is read: that an operation is not for a caller without credentials.
   * @throws SoloError `unauthenticated`
   */
  readonly checkCredentials: (caller: Caller, operation: OperationName) => void;
  /**
   * What can be said then of the load: that there is no room for what the caller may ask. Nothing is counted when there is.
   * @param name the service that the operation is on, where it is known already
   * @throws SoloError `limit_exceeded`, with how long to wait
   */
  readonly checkRoom: (caller: Caller, operation: OperationName, name?: string) => void;
}
