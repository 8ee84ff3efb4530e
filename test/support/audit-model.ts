import type { AuditSubject, AuditTrail, TrailOptions } from "../../src/observe/audit/index.ts";
import { AuditTrail as Trail } from "../../src/observe/audit/index.ts";
import type { FileSystem } from "../../src/store/file/index.ts";

/** A trail in `/data`, small enough that a few records fill a segment. */
export function openTrail(files: FileSystem, options: Partial<TrailOptions> = {}): AuditTrail {
  let now = Date.UTC(2026, 10, 21);
  const clock = { now: () => (now += 7), monotonic: () => now };
  return new Trail({
    folder: "/data/audit",
    headPath: "/data/audit.head",
    bytes: 1_000_000,
    segmentBytes: 4_096,
    lastWordsMs: 0,
    clock,
    files,
    ...options,
  });
}

export function subjectOf(index: number): AuditSubject {
  return {
    actor: "owner",
    tenant: "default",
    capability: null,
    request_id: `request-${index}`,
    operation: "deploy",
    subject: `default/service-${index}`,
    cause: null,
  };
}
