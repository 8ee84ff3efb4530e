import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { SoloError } from "./api/index.ts";
import type { DaemonOptions, ForegroundKernel, KernelDoor } from "./cli/index.ts";
import { type LoadedConfig, loadConfig, noPort } from "./config/index.ts";
import { openDnsDoor } from "./gateway/dns/index.ts";
import { openGrpcDoor } from "./gateway/grpc/index.ts";
import { openMetricsDoor, openTcpDoor, serveApi } from "./gateway/http/index.ts";
import type { Door } from "./gateway/shared/index.ts";
import { openCredentials, tlsSettingsOf } from "./gateway/tls/index.ts";
import {
  endGuardians,
  guardiansOf,
  type KernelOptions,
  kernelExit,
  linkGuardian,
  openDaemonLog,
  openKernel,
  openReadOnly,
  type RunningKernel,
  startDaemon,
  verifyAuditFile,
  writeBootError,
} from "./kernel/index.ts";
import { build, selfCommand } from "./system/index.ts";

/** Puts kernel and gateway together into the processes that Solo consists of. Loaded only where a kernel is needed. */

/** How long a command waits for a background kernel to answer. */
const daemonStartMs = 20_000;

export const kernelDoor: KernelDoor = {
  openReadOnly: async (config) =>
    openReadOnly(config.paths, config.get("solo.ingress_port"), config.get("checkpoints.backup_dir")),
  bundle: async (path) => (await import("./deploy/artifact/index.ts")).bundleAlone(path),
  verifyAuditExport: async (path, request) => verifyAuditFile(path, request),
  startDaemon: async ({ config, flags }) => {
    const { dataDir, socket } = config.paths;
    const guardianCommand = [...selfCommand(), "__guardian", ...daemonFlags(config, flags)];
    await startDaemon({ dataDir, socketPath: socket, guardianCommand, timeoutMs: daemonStartMs });
  },
  openKernel: openForeground,
  leash: ({ paths }, folder) => {
    const child = Bun.spawn({
      cmd: [...selfCommand(), "__leash", paths.dataDir, folder],
      cwd: "/",
      stdio: ["pipe", "ignore", "ignore"],
      // Whoever kills the command's process group, or closes its terminal, must not end this one with it.
      detached: true,
    });
    child.unref();
    return {
      release: async () => {
        child.kill("SIGKILL");
        await child.exited;
      },
    };
  },
  takeOver: async (config) => {
    const { api, close } = await openKernel({ ...options(config, sayOnStderr, null, []), purpose: "takeover" });
    return {
      kernel: api,
      close: async () => {
        await api.shutdown({ keep_services: true });
        await close();
      },
    };
  },
  endGuardians: async ({ paths }) => endGuardians(paths.dataDir),
  isGuarded: ({ paths }) => guardiansOf(paths.dataDir).length > 0,
};

const severity = { debug: 0, info: 1, warn: 2, error: 3 } as const;

/** `solo __kernel FLAGS`: the kernel of a daemon, under its guardian. Ends the process. */
export async function runKernelProcess(args: readonly string[]): Promise<never> {
  const config = await loadConfig({ cwd: "/", env: process.env, flags: parseFlags(args) });
  const log = openDaemonLog(join(config.paths.logs, "kernel.log"), { redirectOutput: true });
  const least = severity[config.get("solo.log_level")];
  const say: KernelOptions["say"] = (level, message) => {
    if (severity[level] >= least) log.write(`${level}: ${message}`);
  };
  process.on("uncaughtException", (error) => say("error", `unexpected: ${error.stack ?? error}`));
  process.on("unhandledRejection", (error) =>
    say("error", `unexpected: ${error instanceof Error ? error.stack : error}`),
  );
  const guardian = linkGuardian();
  let guarded = guardian.pid !== undefined;
  guardian.onGone(() => {
    guarded = false;
    say("error", "the guardian is gone: nobody restarts this kernel when it crashes");
  });
  try {
    const doors: Door[] = [];
    const link = { ...guardian, present: () => guarded };
    const running = await openKernel(options(config, say, link, doors));
    const gateway = serve(config, running, say, doors);
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      // The audit trail tells by its request's id who ended the kernel.
      const { shutdown } = running.access.apiFor({ kind: "owner", request_id: signal });
      process.on(signal, () => void shutdown({}).catch((error: unknown) => say("error", String(error))));
    }
    guardian.ready();
    say("info", `kernel ${process.pid} serves ${config.paths.dataDir}`);
    await running.stopped;
    await gateway.close();
    await running.close();
    say("info", `kernel ${process.pid} stopped`);
    process.exit(kernelExit.ordered);
  } catch (error) {
    const failure = SoloError.from(error);
    say("error", failure.stack ?? failure.message);
    writeBootError(config.paths.run, failure.toDocument());
    process.exit(exitCodeOf(failure));
  }
}

/** Tells the guardian whether another try may help. */
function exitCodeOf(failure: SoloError): number {
  // Not for a database that some other program keeps locked: that passes.
  if (failure.code === "locked" && failure.details?.lock !== undefined) return kernelExit.locked;
  return failure.retryable && failure.code !== "port_in_use" ? failure.exit : kernelExit.fatal;
}

/** For kernels inside a command: what is wrong is told, what goes well is not. */
function sayOnStderr(level: "info" | "warn" | "error", message: string): void {
  if (level !== "info") process.stderr.write(`solo: ${message}\n`);
}

async function openForeground({ config }: DaemonOptions): Promise<ForegroundKernel> {
  const doors: Door[] = [];
  const running = await openKernel(options(config, sayOnStderr, null, doors));
  const gateway = serve(config, running, sayOnStderr, doors);
  const { api } = running;
  let closed: Promise<void> | undefined;
  const close = async (keepServices: boolean) => {
    await api.shutdown({ keep_services: keepServices });
    await gateway.close();
    await running.close();
  };
  return {
    ...api,
    stopped: running.stopped,
    close: ({ keepServices = false } = {}) => {
      closed ??= close(keepServices);
      return closed;
    },
  };
}

/** Opens the ways in: the owner's socket, and those over TCP that are configured, which are added to `doors`. */
function serve(config: LoadedConfig, { access, onGrpcCall }: RunningKernel, say: KernelOptions["say"], doors: Door[]) {
  mkdirSync(dirname(config.paths.socket), { recursive: true, mode: 0o700 });
  const onBug = (error: Error) => say("error", `unexpected: ${error.stack ?? error.message}`);
  const socket = serveApi({ access, socketPath: config.paths.socket, version: build.id, onBug });
  const settings = tlsSettingsOf(config);
  const credentials = settings && openCredentials({ settings, say });
  const tls = credentials && { credentials, folder: dirname(config.paths.socket) };
  const shut = !tls && config.get("security.require_mtls") ? withoutCertificates : undefined;
  const common = { access, bind: config.get("solo.bind"), version: build.id, onBug, say, tls, shut };
  const [httpPort, grpcPort] = [config.get("solo.http_port"), config.get("solo.listen_port")];
  if (httpPort !== null) doors.push(openTcpDoor({ ...common, port: httpPort }));
  if (grpcPort !== null) doors.push(openGrpcDoor({ ...common, port: grpcPort, onEnd: onGrpcCall }));
  const metricsPort = config.get("solo.metrics_port");
  if (metricsPort !== null) doors.push(openMetricsDoor({ ...common, port: metricsPort }));
  const dnsPort = config.get("solo.dns_port");
  if (dnsPort !== null) doors.push(openDnsDoor({ access, port: dnsPort, onBug, say }));
  if (credentials) doors.push(credentials);
  return {
    close: async () => {
      await Promise.all([socket.close(), ...doors.map((door) => door.close())]);
    },
  };
}

const withoutCertificates = "security.require_mtls is set, and there are no certificates: `solo tls init` makes them";

function options(
  config: LoadedConfig,
  say: KernelOptions["say"],
  guardian: KernelOptions["guardian"],
  doors: readonly Door[],
): KernelOptions {
  return {
    paths: config.paths,
    version: {
      name: "solo",
      version: build.version,
      commit: build.commit,
      platform: `${process.platform}-${process.arch}`,
      runtime: `bun ${Bun.version}`,
    },
    bind: config.get("solo.bind"),
    ingressPort: config.get("solo.ingress_port"),
    logBytes: config.get("logs.total_bytes"),
    backupFolder: config.get("checkpoints.backup_dir"),
    checkpointsKept: config.get("checkpoints.keep_count"),
    checkpointBytes: config.get("checkpoints.keep_bytes"),
    traffic: {
      maxPerTenant: config.get("limits.max_per_tenant"),
      maxTotal: config.get("limits.max_total"),
      ratePerCapability: config.get("security.rate_limit_per_capability"),
    },
    audit: {
      bytes: config.get("audit.bytes"),
      file: config.get("audit.file"),
      fileBytes: config.get("audit.file_bytes"),
      syslog: config.get("audit.syslog"),
      webhook: config.get("audit.webhook"),
      webhookTokenFile: config.get("audit.webhook_token_file"),
    },
    tenants: config.tenants,
    maxServices: config.get("limits.max_services"),
    otlpEndpoint: config.get("telemetry.enabled") ? config.get("telemetry.otlp_endpoint") : null,
    eventsKept: config.get("events.keep"),
    secrets: { keyFile: config.get("secrets.key_file"), passphraseFile: config.get("secrets.passphrase_file") },
    doors: () => doors.map((door) => door.check()),
    guardian,
    say,
  };
}

/** What a background kernel must know of the command line and project that started it. */
function daemonFlags(config: LoadedConfig, flags: readonly string[]): string[] {
  return [
    ...flags,
    "--data-dir",
    config.paths.dataDir,
    "--bind",
    config.get("solo.bind"),
    "--ingress-port",
    String(config.get("solo.ingress_port")),
    "--http-port",
    String(config.get("solo.http_port") ?? noPort),
    "--metrics-port",
    String(config.get("solo.metrics_port") ?? noPort),
    "--listen-port",
    String(config.get("solo.listen_port") ?? noPort),
    "--dns-port",
    String(config.get("solo.dns_port") ?? noPort),
    "--log-level",
    config.get("solo.log_level"),
  ];
}

function parseFlags(args: readonly string[]): Record<string, string> {
  const flags: Record<string, string> = {};
  for (let index = 0; index + 1 < args.length; index += 2)
    flags[(args[index] ?? "").replace(/^--/, "")] = args[index + 1] ?? "";
  return flags;
}
