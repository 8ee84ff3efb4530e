import { formatProblem, paths } from "../../config/index.ts";
import type { Session } from "../session.ts";
import { validateFiles } from "../validate-files.ts";
import { error, type Finding, ok } from "./finding.ts";
import { checkKernel } from "./kernel.ts";
import { checkMachine } from "./machine.ts";
import { checkStorage } from "./storage.ts";

export type { Finding } from "./finding.ts";

/** What `solo doctor` prints. `status` is the worst finding; `info` counts as `ok`. */
export interface Diagnosis {
  readonly status: "ok" | "warning" | "error";
  readonly findings: readonly Finding[];
}

/** Looks at everything without changing anything. A broken configuration is a finding, and stops what depends on it. */
export async function diagnose(open: () => Promise<Session>, config: string | undefined): Promise<Diagnosis> {
  const { valid, files, problems } = await validateFiles({ file: undefined, config });
  const findings: Finding[] = problems.map((problem) =>
    error("configuration", formatProblem(problem), "correct it; `solo config validate` checks it again"),
  );
  if (valid) {
    const session = await open();
    findings.push(ok("configuration", files.length > 0 ? files.join(", ") : "built-in values"));
    const kernel = await checkKernel(session);
    // A kernel on this machine tells of its disk itself; what this machine's folder holds is no matter of a remote one.
    const storage = session.isLocal ? checkStorage(session.config.paths) : [];
    findings.push(...storage.filter(({ name }) => !kernel.some((finding) => finding.name === name)), ...kernel);
  } else {
    findings.push(...checkStorage(paths(process.env)));
  }
  findings.push(...checkMachine());
  const has = (status: Finding["status"]) => findings.some((finding) => finding.status === status);
  return { status: has("error") ? "error" : has("warning") ? "warning" : "ok", findings };
}
