import { describe, expect, test } from "bun:test";
import { createRegistry, fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { SoloError } from "../../../../src/api/index.ts";
import { file_google_rpc_error_details } from "../../../../src/api/proto/google/rpc/error_details.gen.ts";
import { StatusSchema } from "../../../../src/api/proto/google/rpc/status.gen.ts";
import { failureOf } from "../../../../src/gateway/grpc/status.ts";

const nobody = {
  onBug: (error: Error) => {
    throw error;
  },
};

function detailsOf(thrown: unknown): readonly unknown[] {
  const packed = failureOf(thrown, "r-1", nobody).metadata.get("grpc-status-details-bin")[0];
  if (!Buffer.isBuffer(packed)) throw new Error("there are no details");
  const registry = createRegistry(file_google_rpc_error_details);
  return fromBinary(StatusSchema, packed).details.map((detail) => anyUnpack(detail, registry));
}

describe("a failure", () => {
  test("has the status of its code, and tells all of the contract's error", () => {
    const error = new SoloError("limit_exceeded", "too many", {
      hint: "wait",
      details: { retry_after_ms: 1_500, bound: "x" },
    });
    expect(failureOf(error, "r-1", nobody)).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: "too many" });
    expect(detailsOf(error)).toMatchObject([
      {
        reason: "LIMIT_EXCEEDED",
        domain: "solo",
        metadata: { code: "limit_exceeded", retryable: "true", applied: "no", exit: "12", hint: "wait", bound: "x" },
      },
      { requestId: "r-1" },
      { retryDelay: { seconds: 1n, nanos: 500_000_000 } },
    ]);
  });

  test("names the field of an invalid request", () => {
    const error = new SoloError("invalid_request", "format: no", { details: { field: "format" } });
    expect(detailsOf(error)[2]).toMatchObject({ fieldViolations: [{ field: "format", description: "format: no" }] });
  });

  test("fits into the trailers that clients take, however much there is to tell", () => {
    const long = "x".repeat(100_000);
    const error = new SoloError("start_failed", long, { hint: long, details: { log: [long], pid: 7 } });
    const { details, metadata } = failureOf(error, "r-1", nobody);
    const packed = metadata.get("grpc-status-details-bin")[0];
    expect(details.length + (packed?.length ?? 0) * 1.4).toBeLessThan(8_000);
  });

  test("that nobody expected is told to the daemon's log too", () => {
    const told: Error[] = [];
    const bug = new TypeError("oops");
    expect(failureOf(bug, "r-1", { onBug: (error) => told.push(error) }).code).toBe(status.INTERNAL);
    expect(told).toEqual([bug]);
  });
});
