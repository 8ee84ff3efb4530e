import type { AuditRecord, AuditVerification } from "../../api/index.ts";
import type { View } from "../view.ts";

/** One record on a line: when, who, what, to what, and what came of it. */
export function renderAuditRecord(record: AuditRecord, { style }: View): string {
  const { time, kind, actor, operation, subject, count } = record;
  const what = [
    style.dim(time),
    style.cyan(actor ?? "audit"),
    style.bold(operation ?? kind),
    subject ?? "",
    outcomeOf(record, style),
    count !== null && count > 1 ? `${count} times` : "",
  ];
  return what.filter((part) => part !== "").join(" ");
}

function outcomeOf({ kind, outcome, code, reason, took_ms }: AuditRecord, style: View["style"]): string {
  if (kind === "begin") return style.dim("begins");
  if (outcome === null) return reason ?? "";
  if (outcome === "done") return `${style.green("done")} in ${took_ms ?? 0} ms`;
  return `${style.red(outcome)}${code === null ? "" : ` (${code})`}${reason === null ? "" : `: ${reason}`}`;
}

export function renderAuditVerification(check: AuditVerification, { style }: View): string {
  const { state, records, first_sequence, last_sequence, mark, problems } = check;
  const range = records === 0 ? "no records" : `${records} records, ${first_sequence} to ${last_sequence}`;
  const word = state === "damaged" ? style.red(state) : style.green(state);
  return [
    `${word}: ${range}`,
    ...problems.map(({ sequence, file, problem }) =>
      [sequence === null ? "" : `record ${sequence}: `, problem, file === null ? "" : ` (${file})`].join(""),
    ),
    ...(mark === null ? [] : [`head ${mark}`]),
  ].join("\n");
}
