import {
  type AuditRecord,
  type AuditVerification,
  auditKindSchema,
  auditOutcomeSchema,
  type OperationRequest,
} from "../../api/index.ts";
import type { AuditCheck, AuditLine, AuditRequest, ChainPoint } from "../../observe/audit/index.ts";

/** A request for records in the words of the trail. */
export function trailRequest(request: OperationRequest<"auditAll">, tenant?: string): AuditRequest {
  const { actor, operation, subject, since, since_cursor, tail, follow } = request;
  return {
    tenant,
    actor,
    operation,
    subject,
    since: since === undefined ? undefined : new Date(since).toISOString(),
    after: since_cursor === undefined ? undefined : Number(since_cursor),
    tail,
    follow,
  };
}

/** The records of a trail as documents, without those that only begin its files. */
export async function* auditRecords(lines: AsyncIterable<AuditLine>): AsyncGenerator<AuditRecord> {
  for await (const line of lines) {
    const record = auditRecord(line);
    if (record !== undefined) yield record;
  }
}

/** `SEQUENCE:HASH`. */
export function markOf({ sequence, hash }: ChainPoint): string {
  return `${sequence}:${hash}`;
}

/** @param mark in the form of {@link markOf} */
export function marksFrom(mark: string | undefined): ChainPoint[] {
  if (mark === undefined) return [];
  const colon = mark.indexOf(":");
  return [{ sequence: Number(mark.slice(0, colon)), hash: mark.slice(colon + 1) }];
}

export function auditVerification(check: AuditCheck, head: ChainPoint | null): AuditVerification {
  const { state, records, first_sequence, last_sequence, problems } = check;
  const mark = head === null ? null : markOf(head);
  return { state, records, first_sequence, last_sequence, head, mark, problems: [...problems] };
}

function auditRecord({ sequence, hash, fields }: AuditLine): AuditRecord | undefined {
  const kind = auditKindSchema.safeParse(fields.kind);
  if (!kind.success || typeof fields.time !== "string") return undefined;
  const text = (name: string) => (typeof fields[name] === "string" ? fields[name] : null);
  const number = (name: string) => (typeof fields[name] === "number" ? fields[name] : null);
  const outcome = auditOutcomeSchema.safeParse(fields.outcome);
  return {
    type: "audit",
    time: fields.time,
    sequence,
    kind: kind.data,
    actor: text("actor"),
    tenant: text("tenant"),
    capability: text("capability"),
    request_id: text("request_id"),
    operation: text("operation"),
    subject: text("subject"),
    cause: text("cause"),
    outcome: outcome.success ? outcome.data : null,
    code: text("code"),
    reason: text("reason"),
    begin: number("begin"),
    took_ms: number("took_ms"),
    count: number("count"),
    hash,
    cursor: String(sequence),
  };
}
