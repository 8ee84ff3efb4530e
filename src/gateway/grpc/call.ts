import type { EventEmitter } from "node:events";
import { Metadata, type ServerUnaryCall } from "@grpc/grpc-js";
import { nameForm, namePattern, type SoloApi, SoloError, versionHeader } from "../../api/index.ts";
import { type Deployer, idempotencyKeyFrom } from "../shared/index.ts";
import { callerOf, requestIdOf } from "./caller.ts";
import type { GrpcContext } from "./context.ts";

/** One call, once it is known who asks. */
export interface Call {
  /** The operations, as the caller has them; once under its key, if it gave one. */
  readonly api: SoloApi;
  /** For what takes several operations. */
  readonly deployer: Deployer;
  /** Aborted when the client has gone, its deadline has passed, or the server closes. */
  readonly signal: AbortSignal;
  /** What is left until the client's deadline, in milliseconds, at least one; undefined without a deadline. */
  readonly timeLeftMs: number | undefined;
  /**
   * The tenant that the call is about.
   * @throws SoloError `invalid_request` when neither the token nor the metadata names one
   */
  tenant(): string;
}

/** A call, and what its handler does at the end. */
export interface OpenCall extends Call {
  release(): void;
}

/** What calls of all kinds have. */
export type GrpcCall = Pick<
  ServerUnaryCall<Buffer, Buffer>,
  "cancelled" | "metadata" | "getDeadline" | "sendMetadata"
> &
  Pick<EventEmitter, "once">;

/** Tells the call's id and what build answers, ahead of everything else. */
export function greet(call: GrpcCall, { version }: GrpcContext): string {
  const requestId = requestIdOf(call.metadata);
  const greeting = new Metadata();
  greeting.set("x-request-id", requestId);
  greeting.set(versionHeader, version);
  call.sendMetadata(greeting);
  return requestId;
}

/**
 * @param isOpen whether callers without credentials are let through to what is open to them
 * @throws SoloError `unauthenticated`
 */
export function openCall(call: GrpcCall, requestId: string, context: GrpcContext, isOpen: boolean): OpenCall {
  const { access, closing } = context;
  const caller = callerOf(call.metadata, requestId, context);
  if (!isOpen) access.checkCredentials(caller, "list");
  const key = keyOf(call.metadata);
  let end: End | undefined;
  return {
    api: access.apiFor(caller, key),
    deployer: { access, caller, key },
    // Most calls ask for none.
    get signal() {
      end ??= endOf(call, closing);
      return end.signal;
    },
    release: () => end?.release(),
    timeLeftMs: timeLeftMs(call),
    tenant: () => {
      const given = call.metadata.get("x-tenant-id")[0];
      if (given !== undefined) {
        if (typeof given === "string" && namePattern.test(given)) return given;
        throw new SoloError("invalid_request", `x-tenant-id: expects ${nameForm}`);
      }
      if (caller.kind === "service") return caller.tenant;
      if (caller.kind === "capability" && caller.capability.resource !== "*") return caller.capability.tenant;
      throw new SoloError("invalid_request", "no tenant is named", { hint: "send x-tenant-id in the metadata" });
    },
  };
}

/** @throws SoloError `invalid_request` */
function keyOf(metadata: Metadata): string | undefined {
  const given = metadata.get("idempotency-key")[0];
  return given === undefined ? undefined : idempotencyKeyFrom(String(given));
}

interface End {
  readonly signal: AbortSignal;
  release(): void;
}

function endOf(call: GrpcCall, closing: AbortSignal): End {
  const controller = new AbortController();
  const abort = () => controller.abort();
  call.once("cancelled", abort);
  closing.addEventListener("abort", abort);
  if (call.cancelled || closing.aborted) abort();
  return { signal: controller.signal, release: () => closing.removeEventListener("abort", abort) };
}

function timeLeftMs(call: GrpcCall): number | undefined {
  const left = Number(call.getDeadline()) - Date.now();
  return Number.isFinite(left) ? Math.max(1, Math.floor(left)) : undefined;
}
