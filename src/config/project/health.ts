import type { HealthSpec, Probe } from "../../api/spec.ts";
import { healthSchema } from "../../api/spec.ts";
import type { KeyPath } from "../scan/key-map.ts";
import type { Report } from "./report.ts";
import type { HealthFile, ProbeFile } from "./schema.ts";

/**
 * A probe named at the top (`health = { http = "/health" }`) is all three: startup, readiness and liveness. A table of its
 * own changes one of them (`liveness = { interval = "30s" }`), and `false` leaves one out.
 */
export function toHealth(file: HealthFile, path: KeyPath, report: Report): HealthSpec {
  const { grace, startup, readiness, liveness, ...shared } = file;
  const kinds = kindsOf(shared);
  if (kinds.length > 1)
    report(
      path,
      `more than one kind of probe: ${names(kinds)}`,
      "keep one, or give each its own startup, readiness or liveness table",
    );
  const probes = Object.entries({ startup, readiness, liveness }).flatMap(([role, own]) => {
    const probe = own === false ? undefined : toProbe(own, shared, [...path, role], report);
    return probe === undefined ? [] : [[role, probe] as const];
  });
  return healthSchema.parse({ ...(grace !== undefined && { grace_ms: grace }), ...Object.fromEntries(probes) });
}

type ProbeKind = Pick<Probe, "type"> & Record<string, unknown>;

function toProbe(own: ProbeFile | undefined, shared: ProbeFile, path: KeyPath, report: Report): ProbeKind | undefined {
  const ownKinds = kindsOf(own ?? {});
  if (ownKinds.length > 1) report(path, `more than one kind of probe: ${names(ownKinds)}`, "keep one");
  const kind = ownKinds[0] ?? kindsOf(shared)[0];
  if (kind === undefined) {
    if (own !== undefined) report(path, "no kind of probe", "name one of http, tcp, exec, heartbeat");
    return undefined;
  }
  const { interval, timeout, success, failure } = { ...shared, ...own };
  return {
    ...kind,
    ...(interval !== undefined && { interval_ms: interval }),
    ...(timeout !== undefined && { timeout_ms: timeout }),
    ...(success !== undefined && { success_threshold: success }),
    ...(failure !== undefined && { failure_threshold: failure }),
  };
}

function kindsOf({ http, tcp, exec, heartbeat }: ProbeFile): ProbeKind[] {
  const kinds: ProbeKind[] = [];
  if (http !== undefined) kinds.push({ type: "http", target: http });
  if (tcp !== undefined) kinds.push({ type: "tcp", ...tcp });
  if (exec !== undefined) kinds.push({ type: "exec", command: exec });
  if (heartbeat) kinds.push({ type: "heartbeat" });
  return kinds;
}

function names(kinds: readonly ProbeKind[]): string {
  return kinds.map(({ type }) => type).join(", ");
}
