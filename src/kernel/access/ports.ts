import type { Caller, CapabilityCaller, OperationName, ServiceCaller, ServiceRef, SoloError } from "../../api/index.ts";

/** What the access layer needs of the parts behind it. Each lands and is tested apart. */

/** One asking for one operation, as the steps of the access layer see it. */
export interface AccessRequest {
  readonly caller: Caller;
  readonly operation: OperationName;
  /** What it needs: a permission, `call:METHOD`, `any` or `open`. */
  readonly permission: string;
  /** Null for an operation on the kernel itself. */
  readonly tenant: string | null;
  /** The services that it names. */
  readonly names: readonly string[];
  /** False for a dry run too. */
  readonly changes: boolean;
  /** The checked input. It may hold secrets: only fields that are known to be none may be kept. */
  readonly input: unknown;
}

/** One that was refused; a token may be refused before it is known what for. */
export interface RefusedRequest extends Omit<AccessRequest, "operation"> {
  readonly operation: OperationName | "authenticate";
}

/** Rates, and how many operations may be in flight. */
export interface Admission {
  /**
   * Lets an operation in that was found to be allowed, or refuses it; the slot is released when it has ended.
   * @throws SoloError `limit_exceeded`, with how long to wait
   */
  admit(request: AccessRequest): AdmissionSlot;
  /**
   * Refuses what it would refuse of that caller in that tenant at the moment, whatever else the request says. Counts nothing.
   * @throws SoloError `limit_exceeded`, with how long to wait
   */
  check(caller: CapabilityCaller | ServiceCaller, operation: OperationName, tenant: string): void;
}

export interface AdmissionSlot {
  /** Harmless when called twice. */
  release(): void;
}

/** The durable record of changes and refusals. */
export interface AuditTrail {
  /**
   * Records a change before it runs; what can't be recorded is not done.
   * @throws SoloError why it can't be recorded
   */
  begin(request: AccessRequest): Promise<AuditedOperation>;
  /** Records that something was refused, by authentication, authorization or admission. Never throws. */
  refused(request: RefusedRequest, error: SoloError): void;
}

export interface AuditedOperation {
  /** How it ended; null: well. Never throws. */
  end(error: SoloError | null): void | Promise<void>;
}

/** Which tokens there are, and what they allow. */
export interface CapabilityAuthority {
  /**
   * Who shows a token.
   * @throws SoloError `unauthenticated` for one that is unknown, expired or revoked
   */
  callerOf(token: string, requestId: string): CapabilityCaller | ServiceCaller;
  /**
   * Checks that a capability still is valid, and takes one off its number of operations if it has one.
   * @throws SoloError `unauthenticated`, or `budget_exhausted` when all are used
   */
  use(id: string): void;
  /** Calls back once when a capability ends, by revocation or expiry. Answers what calls that off. */
  onEnd(id: string, callback: () => void): () => void;
  /** Whether a service may call another's method beyond what its own capability says: by its `allow`, or by a grant that it holds. */
  mayCall(from: ServiceCaller, to: ServiceRef, method: string): boolean;
}

/** Where a request under an idempotency key is remembered. */
export interface IdempotencyPlace {
  /** Who asked. */
  readonly owner: string;
  /** A hash of the key. */
  readonly key: string;
}

export interface IdempotencyRecord {
  /** Empty for the kernel itself. */
  readonly tenant: string;
  readonly operation: string;
  /** Of the checked input. */
  readonly digest: string;
  /** Wall time in milliseconds. */
  readonly created: number;
  /** What came of it; null while nobody knows. */
  readonly outcome: string | null;
}

/** The durable memory of requests under idempotency keys: what it was told is on the disk when it returns. */
export interface IdempotencyRecords {
  get(place: IdempotencyPlace): IdempotencyRecord | undefined;
  begin(place: IdempotencyPlace, record: Omit<IdempotencyRecord, "outcome">): void;
  end(place: IdempotencyPlace, outcome: string): void;
  forget(place: IdempotencyPlace): void;
  forgetBefore(created: number): void;
  usage(tenant: string): { readonly keys: number; readonly bytes: number };
}
