import { type ServiceSpecInput, SoloError } from "../../api/index.ts";

export interface ProbeFlags {
  readonly "health-http"?: string | undefined;
  readonly "health-tcp"?: string | undefined;
  readonly "health-exec"?: string | undefined;
  readonly grace?: number | undefined;
}

/** A service's health from the command line: one probe that serves for readiness and for liveness alike. */
export function healthOf(flags: ProbeFlags): NonNullable<ServiceSpecInput["health"]> {
  const probe = probeOf(flags);
  return {
    ...(probe && { readiness: probe, liveness: probe }),
    ...(flags.grace !== undefined && { grace_ms: flags.grace }),
  };
}

type ProbeInput = NonNullable<NonNullable<ServiceSpecInput["health"]>["readiness"]>;

function probeOf(flags: ProbeFlags): ProbeInput | undefined {
  const http = flags["health-http"];
  const tcp = flags["health-tcp"];
  const exec = flags["health-exec"];
  if ([http, tcp, exec].filter((value) => value !== undefined).length > 1) {
    throw new SoloError("usage", "give one of --health-http, --health-tcp and --health-exec", {
      hint: "a solo.toml can declare different probes for startup, readiness and liveness",
    });
  }
  if (http !== undefined) return { type: "http", target: http };
  if (tcp !== undefined) return tcpProbe(tcp);
  return exec === undefined ? undefined : { type: "exec", command: ["/bin/sh", "-c", exec] };
}

/** `PORT`, `HOST:PORT`, or `0` for the instance's own port. */
function tcpProbe(text: string): ProbeInput {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) {
    throw new SoloError("usage", `--health-tcp expects PORT or HOST:PORT, got ${JSON.stringify(text)}`, {
      hint: "0 stands for the port that Solo gives the instance",
    });
  }
  return { type: "tcp", port, ...(match[1] !== undefined && { host: match[1] }) };
}
