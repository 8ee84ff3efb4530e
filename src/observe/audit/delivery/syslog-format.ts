import { hostname } from "node:os";
import type { AuditLine } from "../record.ts";

/** Facility 13, log audit (RFC 5424, table 1). */
const facility = 13;
const severity = { warning: 4, notice: 5 } as const;

/** A record as a message of RFC 5424: the operation as message id, the record's JSON as message. */
export function syslogMessage({ text, fields }: AuditLine): string {
  const { outcome, kind, time, operation } = fields;
  const isWarning = kind === "damage" || outcome === "refused" || outcome === "failed" || outcome === "unknown";
  const priority = facility * 8 + (isWarning ? severity.warning : severity.notice);
  const id = printable(operation ?? kind, 32);
  return `<${priority}>1 ${printable(time, 40)} ${printable(hostname(), 255)} solo ${process.pid} ${id} - ${text}`;
}

/** `PRINTUSASCII` of the RFC; a dash when nothing is left. */
function printable(value: unknown, longest: number): string {
  const text = typeof value === "string" ? value.replace(/[^\x21-\x7e]/g, "").slice(0, longest) : "";
  return text === "" ? "-" : text;
}
