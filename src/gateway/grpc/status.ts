import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack, DurationSchema } from "@bufbuild/protobuf/wkt";
import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { type ErrorCode, SoloError } from "../../api/index.ts";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from "../../api/proto/google/rpc/error_details.gen.ts";
import { StatusSchema } from "../../api/proto/google/rpc/status.gen.ts";
import type { GrpcContext } from "./context.ts";

/** The status of every code of the contract (https://grpc.io/docs/guides/status-codes). */
const statuses: { readonly [Code in ErrorCode]: status } = {
  failed: status.FAILED_PRECONDITION,
  start_failed: status.FAILED_PRECONDITION,
  stop_failed: status.ABORTED,
  sandbox_unavailable: status.FAILED_PRECONDITION,
  storage_full: status.RESOURCE_EXHAUSTED,
  storage_corrupt: status.DATA_LOSS,
  io_error: status.UNAVAILABLE,
  audit_unavailable: status.UNAVAILABLE,
  internal: status.INTERNAL,
  usage: status.INVALID_ARGUMENT,
  invalid_config: status.INVALID_ARGUMENT,
  invalid_name: status.INVALID_ARGUMENT,
  invalid_request: status.INVALID_ARGUMENT,
  too_large: status.INVALID_ARGUMENT,
  invalid_source: status.INVALID_ARGUMENT,
  invalid_wasm: status.INVALID_ARGUMENT,
  not_executable: status.INVALID_ARGUMENT,
  file_not_found: status.INVALID_ARGUMENT,
  confirmation_required: status.FAILED_PRECONDITION,
  not_running: status.FAILED_PRECONDITION,
  unhealthy: status.UNAVAILABLE,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  not_found: status.NOT_FOUND,
  conflict: status.ABORTED,
  locked: status.ABORTED,
  port_in_use: status.FAILED_PRECONDITION,
  data_too_new: status.FAILED_PRECONDITION,
  unreachable: status.UNAVAILABLE,
  timeout: status.DEADLINE_EXCEEDED,
  rolled_back: status.ABORTED,
  changes_pending: status.FAILED_PRECONDITION,
  outcome_unknown: status.UNKNOWN,
  limit_exceeded: status.RESOURCE_EXHAUSTED,
  budget_exhausted: status.RESOURCE_EXHAUSTED,
};

/** A refusal for which the contract has no code of its own. */
export class StatusError extends SoloError {
  readonly grpcStatus: status;

  constructor(grpcStatus: status, code: ErrorCode, message: string, hint: string) {
    super(code, message, { hint });
    this.grpcStatus = grpcStatus;
  }
}

/** What to tell the client of whatever was thrown. A bug is told to the daemon's log as well. */
export function failureOf(thrown: unknown, requestId: string, { onBug }: Pick<GrpcContext, "onBug">): StatusObject {
  const error = SoloError.from(thrown);
  if (error.code === "internal") onBug(thrown instanceof Error ? thrown : error);
  const code = error instanceof StatusError ? error.grpcStatus : statuses[error.code];
  const message = cut(error.message, maxMessageLength);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(details(error, code, message, requestId)));
  return { code, details: message, metadata };
}

/** A `google.rpc.Status`. */
function details(error: SoloError, code: status, message: string, requestId: string): Uint8Array {
  const { field, retry_after_ms } = error.details ?? {};
  const packed = [
    anyPack(ErrorInfoSchema, create(ErrorInfoSchema, errorInfo(error))),
    anyPack(RequestInfoSchema, create(RequestInfoSchema, { requestId })),
  ];
  if (typeof retry_after_ms === "number") {
    const seconds = Math.floor(retry_after_ms / 1_000);
    const nanos = Math.round((retry_after_ms % 1_000) * 1_000_000);
    const retryDelay = create(DurationSchema, { seconds: BigInt(seconds), nanos });
    packed.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
  }
  if (typeof field === "string" && field !== "") {
    const fieldViolations = [{ field, description: message }];
    packed.push(anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations })));
  }
  return toBinary(StatusSchema, create(StatusSchema, { code, message, details: packed }));
}

/** The contract's error, but for what does not fit: clients take some 8 kB of trailers. */
function errorInfo(error: SoloError) {
  const { code, hint, retryable, applied, exit, details } = error;
  const metadata: Record<string, string> = { code, applied, retryable: String(retryable), exit: String(exit) };
  if (hint !== null) metadata.hint = cut(hint, maxMessageLength);
  let room = maxDetailsLength;
  for (const [key, value] of Object.entries(details ?? {})) {
    const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
    room -= key.length + text.length;
    if (room >= 0 && !Object.hasOwn(metadata, key)) metadata[key] = text;
  }
  return { reason: code.toUpperCase(), domain: "solo", metadata };
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

const maxMessageLength = 1_000;
const maxDetailsLength = 2_000;
