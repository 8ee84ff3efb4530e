import type { Probe } from "../../api/index.ts";
import { expandPort } from "../expand-port.ts";
import type { ProbeAttempt } from "../health-record.ts";

/** Where an instance can be asked. */
export interface ProbeTarget {
  readonly port: number;
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/** Longest part of a command's output that a probe's message quotes. */
const maxQuotedChars = 200;

/** Makes one attempt of an http, tcp or exec probe. Never throws: whatever goes wrong is a failed attempt. */
export async function attemptProbe(
  probe: Exclude<Probe, { type: "heartbeat" }>,
  target: ProbeTarget,
): Promise<ProbeAttempt> {
  switch (probe.type) {
    case "http":
      return attemptHttp(probe.target, target.port, probe.timeout_ms);
    case "tcp":
      return attemptTcp(probe.host, probe.port === 0 ? target.port : probe.port, probe.timeout_ms);
    case "exec":
      return attemptExec(probe.command, target, probe.timeout_ms);
  }
}

async function attemptHttp(path: string, port: number, timeoutMs: number): Promise<ProbeAttempt> {
  const url = /^https?:\/\//.test(path) ? path : `http://127.0.0.1:${port}${path.startsWith("/") ? path : `/${path}`}`;
  try {
    const response = await fetch(url, {
      redirect: "manual",
      keepalive: false,
      headers: { "user-agent": "solo-probe", connection: "close" },
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    return { ok: response.status >= 200 && response.status < 400, message: `HTTP ${response.status}` };
  } catch (error) {
    return { ok: false, message: failureMessage(error, timeoutMs) };
  }
}

export function attemptTcp(hostname: string, port: number, timeoutMs: number): Promise<ProbeAttempt> {
  return new Promise((resolve) => {
    const finish = (attempt: ProbeAttempt) => {
      clearTimeout(timer);
      resolve(attempt);
    };
    const timer = setTimeout(() => finish({ ok: false, message: `no answer within ${timeoutMs} ms` }), timeoutMs);
    Bun.connect({
      hostname,
      port,
      socket: {
        open(socket) {
          socket.terminate();
          finish({ ok: true, message: `port ${port} accepts connections` });
        },
        data() {},
        connectError(_socket, error) {
          finish({ ok: false, message: failureMessage(error, timeoutMs) });
        },
      },
    }).catch((error: unknown) => finish({ ok: false, message: failureMessage(error, timeoutMs) }));
  });
}

async function attemptExec(command: readonly string[], target: ProbeTarget, timeoutMs: number): Promise<ProbeAttempt> {
  const { execa } = await import("execa");
  const [file = "", ...args] = command.map((part) => expandPort(part, target.port));
  const result = await execa(file, args, {
    reject: false,
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    extendEnv: false,
    env: { PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin", ...target.env, PORT: String(target.port) },
    ...(target.cwd !== undefined && { cwd: target.cwd }),
    all: true,
    maxBuffer: 65_536,
    stdin: "ignore",
  });
  if (result.exitCode === 0) return { ok: true, message: "exit 0" };
  if (result.timedOut) return { ok: false, message: `no answer within ${timeoutMs} ms` };
  const said = (result.all ?? result.shortMessage ?? "").trim().slice(0, maxQuotedChars);
  return { ok: false, message: `exit ${result.exitCode ?? result.signal ?? "unknown"}${said && `: ${said}`}` };
}

function failureMessage(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === "TimeoutError") return `no answer within ${timeoutMs} ms`;
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  if (/ECONNREFUSED|ConnectionRefused/.test(code)) return "connection refused";
  return error instanceof Error ? error.message : String(error);
}
