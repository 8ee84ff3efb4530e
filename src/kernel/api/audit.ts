import {
  auditAllRequestSchema,
  auditExportRequestSchema,
  auditRequestSchema,
  auditVerifyRequestSchema,
  type SoloApi,
} from "../../api/index.ts";
import type { KernelAudit } from "../audit.ts";
import { auditRecords, auditVerification, marksFrom, trailRequest } from "../operations/audit.ts";
import { accept } from "./accept.ts";
import { lazily } from "./lazily.ts";

/** The operations on the audit trail. */
export function auditApi({
  trail,
  witness,
}: KernelAudit): Pick<SoloApi, "audit" | "auditAll" | "auditExport" | "auditVerify"> {
  return {
    audit: (input, signal) =>
      lazily(() => {
        const request = accept(auditRequestSchema, input);
        return auditRecords(trail.read(trailRequest(request, request.tenant), signal));
      }),
    auditAll: (input, signal) =>
      lazily(() => auditRecords(trail.read(trailRequest(accept(auditAllRequestSchema, input)), signal))),
    auditExport: (input) =>
      lazily(() => {
        accept(auditExportRequestSchema, input);
        return exportLines(trail.export());
      }),
    auditVerify: async (input) => {
      const { head } = accept(auditVerifyRequestSchema, input);
      const check = await trail.verify([...marksFrom(head), ...marksFrom(witness())]);
      return auditVerification(check, check.head);
    },
  };
}

/** The lines of an export, as the API answers them. */
export async function* exportLines(lines: AsyncIterable<string>): AsyncGenerator<{ line: string }> {
  for await (const line of lines) yield { line };
}
