import { type AuditVerification, auditVerifyRequestSchema, type OperationInput, SoloError } from "../../api/index.ts";
import { verifyAuditExport } from "../../observe/audit/index.ts";
import { accept } from "../api/accept.ts";
import { auditVerification, marksFrom } from "../operations/audit.ts";

/**
 * Checks a file of `solo audit export`, which may come from another machine.
 * @throws SoloError `file_not_found` when it can't be read
 */
export function verifyAuditFile(path: string, request: OperationInput<"auditVerify">): AuditVerification {
  const { head } = accept(auditVerifyRequestSchema, request);
  try {
    const check = verifyAuditExport(path, marksFrom(head));
    const { last_sequence: sequence, last_hash: hash } = check;
    return auditVerification(check, sequence === null || hash === null ? null : { sequence, hash });
  } catch (error) {
    if (error instanceof SoloError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SoloError("file_not_found", `${path} can't be read: ${reason}`, { cause: error });
  }
}
