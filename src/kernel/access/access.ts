import {
  type ApiAccess,
  type Caller,
  type CapabilityCaller,
  isKeyed,
  type OperationInput,
  type OperationName,
  type OperationOutput,
  operations,
  type ServiceCaller,
  type SoloApi,
  SoloError,
} from "../../api/index.ts";
import { accept } from "../api/accept.ts";
import { authorize, coversService, noCredentials } from "./authorize.ts";
import type { Idempotency } from "./idempotency.ts";
import { attempted, once } from "./once.ts";
import type {
  AccessRequest,
  Admission,
  AdmissionSlot,
  AuditedOperation,
  AuditTrail,
  CapabilityAuthority,
  RefusedRequest,
} from "./ports.ts";
import { furtherNeeds, isDryRun, permissionFor, targetOf } from "./target.ts";
import { untilEnd } from "./until-end.ts";
import { isReduced, reduce, reduceError } from "./visible.ts";

export interface AccessParts {
  /**
   * The operations themselves, which ask nobody's permission.
   * @param recorded rejects when it can't be recorded that one of those in `preparing` runs: then it must change nothing
   */
  readonly api: (caller: Caller, recorded?: Promise<void>) => SoloApi;
  /** Those of them that are the same for every caller, made once; the others are made for each request. */
  readonly shared?: Partial<SoloApi> | undefined;
  readonly authority?: CapabilityAuthority | undefined;
  readonly admission?: Admission | undefined;
  readonly audit?: AuditTrail | undefined;
  /** Without it idempotency keys mean nothing. */
  readonly idempotency?: Idempotency | undefined;
  /** Told of every refusal. */
  readonly onRefusal?: ((request: RefusedRequest, error: SoloError) => void) | undefined;
  /** Told of every operation that ended, and of every refusal. */
  readonly onEnd?: ((request: RefusedRequest, error: SoloError | null, tookMs: number) => void) | undefined;
}

/** The one way to a kernel's operations, whatever the operation and whoever asks: authorize, admit, audit, run. */
export class Access implements ApiAccess {
  readonly #parts: AccessParts;
  /** What an API of a caller stands before: of this one only the names count. */
  readonly #names: SoloApi;

  constructor(parts: AccessParts) {
    this.#parts = parts;
    this.#names = parts.api({ kind: "anonymous", request_id: "" });
  }

  callerOf: ApiAccess["callerOf"] = (token, requestId) => {
    try {
      const { authority } = this.#parts;
      if (authority !== undefined) return authority.callerOf(token, requestId);
      throw new SoloError("unauthenticated", "this kernel knows no tokens");
    } catch (thrown) {
      throw this.#refused(withoutCaller("authenticate", requestId), thrown);
    }
  };

  checkCredentials: ApiAccess["checkCredentials"] = (caller, operation) => {
    if (caller.kind !== "anonymous" || operations[operation].permission === "open") return;
    throw this.#refused(withoutCaller(operation, caller.request_id), noCredentials());
  };

  checkRoom: ApiAccess["checkRoom"] = (caller, operation, name) => {
    const { admission } = this.#parts;
    if (admission === undefined || caller.kind === "owner" || caller.kind === "anonymous") return;
    const request = likelyRequest(caller, operation, name);
    // What is not allowed is refused for that reason, and what it takes to know is read then.
    if (request === undefined) return;
    try {
      admission.check(caller, operation, request.tenant);
    } catch (thrown) {
      throw this.#refused(request, thrown);
    }
  };

  /** Every operation of the table, as one caller has it. */
  apiFor: ApiAccess["apiFor"] = (caller, key) => {
    const guarded = new Proxy(this.#names, {
      get: (_, name) => (isOperationName(name) ? this.#guarded(caller, name) : undefined),
    });
    return key === undefined ? guarded : this.#keyed(guarded, caller, key);
  };

  once: ApiAccess["once"] = async ({ caller, key, operation, input }, work) => {
    const { idempotency } = this.#parts;
    const api = this.apiFor(caller);
    if (idempotency === undefined || key === undefined) return work(api);
    const turn = await idempotency.turn(this.#authorized(caller, operation, input), key, true);
    return attempted(turn, () => work(api));
  };

  /** The same, with what changes something done once under a key. */
  #keyed(guarded: SoloApi, caller: Caller, key: string): SoloApi {
    const { idempotency } = this.#parts;
    if (idempotency === undefined) return guarded;
    const done = <Name extends OperationName>(name: Name) =>
      once(name, { api: guarded, idempotency, key, admit: (input) => this.#authorized(caller, name, input) });
    return new Proxy(guarded, {
      get: (api, name) => (isOperationName(name) ? (isKeyed(name) ? done(name) : api[name]) : undefined),
    });
  }

  /** @throws SoloError why a caller may not have an operation with this input */
  #authorized<Name extends OperationName>(caller: Caller, name: Name, input: OperationInput<Name>): AccessRequest {
    this.checkCredentials(caller, name);
    const request = requestOf(caller, name, input);
    try {
      authorizeAll(request, this.#parts.authority);
    } catch (thrown) {
      throw this.#refused(request, thrown);
    }
    return request;
  }

  #guarded<Name extends OperationName>(caller: Caller, name: Name) {
    const { stream, changes } = operations[name];
    // Nothing is refused to the owner, nothing kept from it, and a stream that only reads is no load to be limited.
    if (stream && !changes && caller.kind === "owner") return this.#operation(caller, name);
    if (stream) {
      return (input: OperationInput<Name>, signal?: AbortSignal) => this.#stream(caller, name, input, signal);
    }
    return (input: OperationInput<Name>, signal?: AbortSignal) => this.#document(caller, name, input, signal);
  }

  #operation<Name extends OperationName>(caller: Caller, name: Name) {
    return this.#parts.shared?.[name] ?? this.#parts.api(caller)[name];
  }

  async #document<Name extends OperationName>(
    caller: Caller,
    name: Name,
    input: OperationInput<Name>,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    this.checkCredentials(caller, name);
    const request = requestOf(caller, name, input);
    const entry = this.#enter(request);
    try {
      // Most requests only read: none of them waits for what it need not.
      if (request.changes) await entry.recorded;
      const answer = documentOf<Name>(this.#operation(caller, name)(input, signal));
      const output = reduce(name, await answer, request);
      const left = entry.leave(null);
      if (left !== undefined) await left;
      return output;
    } catch (thrown) {
      const error = reduceError(thrown, request);
      await entry.leave(SoloError.from(error));
      throw error;
    }
  }

  async *#stream<Name extends OperationName>(
    caller: Caller,
    name: Name,
    input: OperationInput<Name>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<OperationOutput[Name]> {
    this.checkCredentials(caller, name);
    const request = requestOf(caller, name, input);
    const entry = this.#enter(request);
    const held = untilEnd(caller, this.#parts.authority, signal);
    let failure: SoloError | null = null;
    try {
      const reduced = isReduced(name, caller);
      const prepares = preparing.has(name);
      if (!prepares) await entry.recorded;
      const run = prepares ? this.#parts.api(caller, entry.recorded)[name] : this.#operation(caller, name);
      for await (const element of streamOf<Name>(run(input, held.signal))) {
        // Nothing is told of what may yet be refused.
        if (prepares) await entry.recorded;
        if (held.hasEnded()) break;
        const seen = reduced ? reduce(name, element, request) : element;
        if (seen !== undefined) yield seen;
      }
      held.check();
    } catch (thrown) {
      const error = reduceError(thrown, request);
      failure = SoloError.from(error);
      throw error;
    } finally {
      held.release();
      await entry.leave(failure);
    }
  }

  /**
   * What comes before an operation runs.
   * @throws SoloError why it does not
   */
  #enter(request: AccessRequest): Entry {
    const { audit } = this.#parts;
    const begun = performance.now();
    const slot = this.#admit(request);
    const recording = request.changes ? audit?.begin(request) : undefined;
    const recorded = recording?.then(() => undefined);
    // One that failed while it prepared has an error of its own.
    recorded?.catch(() => undefined);
    return {
      recorded,
      leave: (error) => {
        this.#parts.onEnd?.(request, error, performance.now() - begun);
        slot?.release();
        return recording && endRecord(recording, error);
      },
    };
  }

  #admit(request: AccessRequest): AdmissionSlot | undefined {
    const { authority, admission } = this.#parts;
    try {
      authorizeAll(request, authority);
      takeOneUse(request, authority);
      return admission?.admit(request);
    } catch (thrown) {
      throw this.#refused(request, thrown);
    }
  }

  #refused(request: RefusedRequest, thrown: unknown): SoloError {
    const error = SoloError.from(thrown);
    this.#parts.audit?.refused(request, error);
    this.#parts.onRefusal?.(request, error);
    this.#parts.onEnd?.(request, error, 0);
    return error;
  }
}

function withoutCaller(operation: RefusedRequest["operation"], requestId: string): RefusedRequest {
  const permission = operation === "authenticate" ? "any" : operations[operation].permission;
  const caller = { kind: "anonymous", request_id: requestId } as const;
  return { caller, operation, permission, tenant: null, names: [], changes: false, input: {} };
}

/** What a caller that knows of one tenant alone may ask of an operation, if anything; undefined for other callers. */
function likelyRequest(caller: CapabilityCaller | ServiceCaller, operation: OperationName, name: string | undefined) {
  const { capability } = caller;
  const { permission, changes, on } = operations[operation];
  const isAllowed = capability.permissions.some((one) => one === permission || one.startsWith(`${permission}:`));
  if (!isAllowed || capability.resource === "*" || on === "kernel") return undefined;
  const { tenant } = capability;
  if (name !== undefined && !coversService(capability, tenant, name)) return undefined;
  const names = name === undefined ? [] : [name];
  return { caller, operation, permission, tenant, names, changes, input: {} } satisfies RefusedRequest;
}

/** Streams that do what changes nothing while their begin is being recorded, and wait for that record themselves. */
const preparing: ReadonlySet<OperationName> = new Set<OperationName>(["deploy"]);

/** An operation that was let in. */
interface Entry {
  /** Rejects when it can't be recorded that it runs: then it must change nothing. Undefined for what is not recorded. */
  readonly recorded: Promise<void> | undefined;
  /** Resolves when its end is recorded. */
  leave(error: SoloError | null): Promise<void> | undefined;
}

async function endRecord(recording: Promise<AuditedOperation>, error: SoloError | null): Promise<void> {
  const record = await recording.catch(() => undefined);
  await record?.end(error);
}

/** @throws SoloError `invalid_request` for an input that is none of this operation */
function requestOf<Name extends OperationName>(caller: Caller, name: Name, input: OperationInput<Name>): AccessRequest {
  const checked = accept(operations[name].input, input);
  return {
    caller,
    operation: name,
    permission: permissionFor(name, checked),
    ...targetOf(name, checked),
    changes: operations[name].changes && !isDryRun(checked),
    input: checked,
  };
}

/** @throws SoloError for what it needs, or needs beside that, and is not allowed */
function authorizeAll(request: AccessRequest, authority: CapabilityAuthority | undefined): void {
  authorize(request, authority);
  for (const need of furtherNeeds(request)) authorize({ ...request, ...need }, authority);
}

function takeOneUse({ caller, permission }: AccessRequest, authority: CapabilityAuthority | undefined): void {
  if (caller.kind === "owner" || caller.kind === "anonymous" || permission === "open") return;
  if (authority === undefined) throw new SoloError("unauthenticated", "this kernel knows no tokens");
  authority.use(caller.capability.id);
}

function isOperationName(name: string | symbol): name is OperationName {
  return typeof name === "string" && Object.hasOwn(operations, name);
}

type Answer<Name extends OperationName> = Promise<OperationOutput[Name]> | AsyncIterable<OperationOutput[Name]>;

function documentOf<Name extends OperationName>(answer: Answer<Name>): Promise<OperationOutput[Name]> {
  if (answer instanceof Promise) return answer;
  throw new Error("an operation that answers a document answered a stream");
}

function streamOf<Name extends OperationName>(answer: Answer<Name>): AsyncIterable<OperationOutput[Name]> {
  if (!(answer instanceof Promise)) return answer;
  throw new Error("an operation that answers a stream answered a document");
}
