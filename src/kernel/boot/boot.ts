import { join } from "node:path";
import { SoloError } from "../../api/index.ts";
import type { Paths } from "../../config/index.ts";
import { EventLog } from "../../observe/events/index.ts";
import { LogStore } from "../../observe/logs/index.ts";
import { MetricsRegistry } from "../../observe/metrics/index.ts";
import { Recorders } from "../../security/learning/index.ts";
import { Sandboxes } from "../../security/sandbox/index.ts";
import { AgentState, migrationHandlers, ServiceStates, StateServer } from "../../state/index.ts";
import {
  ControlServer,
  type GuardianPort,
  LimitMonitor,
  type SuperviseRuntime,
  Supervisor,
} from "../../supervise/index.ts";
import {
  acquireLockOfDead,
  ExitRecorder,
  Poller,
  readExit,
  readStat,
  selfCommand,
  systemClock,
} from "../../system/index.ts";
import { openAudit } from "../audit.ts";
import {
  hostOperations,
  instanceApis,
  openTraffic,
  registryOfAgents,
  requestsOfAgents,
  sharedWork,
  traceStep,
} from "../calls/index.ts";
import { isGranted, openCapabilities } from "../capabilities.ts";
import { finishRestores, letGoOn, openCheckpoints } from "../checkpoints.ts";
import { ClockWatch } from "../checks/index.ts";
import { CrashReports } from "../crashes.ts";
import { openDatabase } from "../database/index.ts";
import { Discovery } from "../discovery.ts";
import { Evolutions } from "../evolution/index.ts";
import { standInForGuardian } from "../guardian/index.ts";
import { instanceTokens } from "../instance-tokens.ts";
import { Kernel } from "../kernel.ts";
import type { KernelOptions, RunningKernel } from "../kernel-options.ts";
import { recorderLost, ServiceUses } from "../learning/index.ts";
import { metricsApi } from "../metrics/index.ts";
import { renewSecrets } from "../operations/secrets.ts";
import { finishRemovals } from "../removal/index.ts";
import { Routes } from "../routes.ts";
import { sandboxPlace } from "../sandbox-place.ts";
import { logRedaction, openSecrets, secretPort } from "../secrets.ts";
import { StepsOfServices } from "../service-steps.ts";
import { migrationParts, otherMode, specOf, stateSettings } from "../state-settings.ts";
import { TenantQuotas } from "../tenant-quotas.ts";
import { openTelemetry } from "../tracing/telemetry.ts";
import { beginRun, endRun, lastEndFacts, readLastEnd } from "./last-end.ts";
import { openAccess } from "./open-access.ts";
import { openIngress } from "./open-ingress.ts";
import { prepareFolders } from "./prepare-folders.ts";
import { restore } from "./restore.ts";
import { stopServices } from "./shutdown.ts";

const eventBytes = 64_000_000;
/** Requests to a service's state that are under way get so long when the kernel closes; hosts send the rest to the next one. */
const stateCloseMs = 2_000;
const noGuardian: GuardianPort = { hold() {}, drop() {} };

/**
 * Starts a kernel over a data directory: its parts in order, then the services that are desired.
 * @throws SoloError `locked` when a kernel runs there already, `port_in_use`, and whatever the database reports
 */
export async function openKernel(options: KernelOptions): Promise<RunningKernel> {
  const closers: (() => void | Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await assemble(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  options: KernelOptions,
  closers: (() => void | Promise<void>)[],
  close: () => Promise<void>,
): Promise<RunningKernel> {
  const { paths, guardian } = options;
  const folders = prepareFolders(paths);
  const lock = (await acquireLockOfDead(paths.lock, deadKernelMs)) ?? alreadyRunning(paths);
  closers.push(() => lock.release());
  const database = openDatabase(paths.database);
  closers.push(() => database.close());
  const lastEnd = readLastEnd(database.meta, paths);
  closers.push(() => endRun(database.meta, systemClock));
  const events = new EventLog(database.handle, systemClock, { rows: options.eventsKept, bytes: eventBytes });
  closers.push(() => events.close());
  const audit = openAudit({
    dataDir: paths.dataDir,
    settings: options.audit,
    clock: systemClock,
    meta: database.meta,
    events,
    say: options.say,
  });
  closers.push(() => audit.close());
  const kept = new Map(database.instances.list().map(({ id, ref }) => [id, ref]));
  const secrets = await openSecrets(paths, options.secrets, (instance) => kept.get(instance));
  closers.push(() => secrets.close());
  const poller = new Poller();
  closers.push(() => poller.close());
  let problem: string | null = null;
  const logs = new LogStore({
    directory: paths.logs,
    poller,
    globalBytes: options.logBytes,
    redaction: logRedaction(secrets),
    onProblem: ({ kind, message }) => {
      problem = kind === "writing_failed" ? message : null;
      options.say(kind === "writing_failed" ? "error" : "info", message);
    },
  });
  closers.push(() => logs.close());
  const states = new ServiceStates({
    folder: paths.state,
    clock: systemClock,
    settingsOf: (ref) => stateSettings(specOf(kernel, ref)),
  });
  closers.push(() => states.closeAll());
  const checkpoints = openCheckpoints({
    states,
    clock: systemClock,
    backupFolder: options.backupFolder,
    keep_count: options.checkpointsKept,
    keep_bytes: options.checkpointBytes,
    say: options.say,
    kernel: () => kernel,
  });
  closers.push(() => checkpoints.stop());
  const capabilities = openCapabilities(database, systemClock, () => kernel);
  closers.push(() => capabilities.close());
  const discovery = new Discovery(database, systemClock, () => kernel);
  const apiOf = instanceApis(capabilities, () => access);
  closers.push(() => discovery.close());
  const tokens = instanceTokens(capabilities, paths.run);
  const routes = new Routes(options.ingressPort);
  const hosts: { authenticate: Supervisor["authenticate"] | undefined } = { authenticate: undefined };
  const control = new ControlServer(paths.controlSocket, (hello, tell) => hosts.authenticate?.(hello, tell));
  closers.push(() => control.close());
  const metrics = new MetricsRegistry();
  const telemetry = openTelemetry({
    endpoint: options.otlpEndpoint,
    version: options.version,
    counted: metrics,
    metrics: () => metricsApi(kernel).metricsAll({}),
    say: options.say,
  });
  closers.push(() => telemetry.close());
  const traffic = openTraffic({
    tracing: telemetry.tracing,
    limits: options.traffic,
    tenants: options.tenants,
    clock: systemClock,
    kernel: () => kernel,
    isGranted: (from, to, method) => isGranted(capabilities, from, to, method),
  });
  closers.push(() => traffic.mailboxes.close());
  const exits = new ExitRecorder(folders.exits);
  const recorders = new Recorders({
    records: paths.uses,
    running: join(paths.run, "recorders"),
    self: selfCommand(),
    poller,
    onLost: (instance, identity) => recorderLost(kernel, instance, identity),
  });
  const serviceUses = new ServiceUses(recorders);
  const sandboxes = new Sandboxes(sandboxPlace(paths, secrets.places.all), recorders);
  // The end of a confined process, which Bun does not know of, is seen at once.
  const nudge = () => poller.nudge();
  process.on("SIGCHLD", nudge);
  closers.push(() => void process.off("SIGCHLD", nudge));
  const runtime: SuperviseRuntime = {
    clock: systemClock,
    random: Math.random,
    poller,
    self: selfCommand(),
    folders,
    controlSocket: paths.controlSocket,
    orphanParents: () => [...new Set([process.pid, parentPid()])],
    formerExit: async (identity, waitMs) => {
      const exit = await readExit(folders.exits, identity, waitMs);
      if (exit === undefined) return { code: null, signal: null, known: false };
      return { code: exit.exit_code, signal: exit.signal, known: true };
    },
    keepExit: ({ pid, startTime }, { code, signal, known }) => {
      if (known) exits.record({ pid, startTime, exit_code: code, signal });
    },
    dropExit: (identity) => void readExit(folders.exits, identity, 0),
    logs,
    routes: sharedWork(routes, traffic.mailboxes),
    records: database.instances,
    guardian: guardian ?? noGuardian,
    agents: {
      storeOf: (ref, instance) => new AgentState(() => states.open(ref), instance),
      step: requestsOfAgents(traffic.calls, registryOfAgents(discovery, apiOf), () => steps),
      evolve: (ref, instance, hypothesis) => evolutions.begin(ref, instance, hypothesis),
    },
    sandbox: sandboxes,
    secrets: secretPort(secrets),
    tokens,
    emit: ({ event, ref, instance, data }) => {
      crashes.note({ event, ref, instance, data });
      kernel.emit({ tenant: ref.tenant, event, subject: `${ref.tenant}/${ref.name}/${instance}`, data });
    },
  };
  const supervisor = new Supervisor(runtime, (instance) => kernel.observe(instance));
  closers.push(() => supervisor.release());
  hosts.authenticate = supervisor.authenticate;
  const steps = new StepsOfServices({
    clock: systemClock,
    open: (ref) => states.open(ref),
    budgetOf: (ref) => kernel.find(ref)?.revision.spec.budget ?? {},
    pidOf: (ref, id) => supervisor.instancesOf(ref).find((instance) => instance.id === id)?.pid ?? null,
    onEnded: (ref, instance, ended) => traceStep(kernel, ref, instance, ended),
  });
  const stateServer = new StateServer({
    path: paths.stateSocket,
    states,
    authenticate: supervisor.identify,
    operations: { ...steps.handlers(), ...migrationHandlers(migrationParts(() => kernel)) },
    plainOperations: hostOperations(() => traffic.calls, apiOf, discovery),
    dataRefusal: (ref, instance) => {
      serviceUses.usedState(ref, instance);
      return otherMode(ref.name, specOf(kernel, ref, instance));
    },
  });
  closers.push(() => stateServer.close(stateCloseMs));
  closers.push(() => steps.close());
  if (guardian === null) closers.push(standInForGuardian(folders.exits));
  guardian?.onGone(() => closers.push(standInForGuardian(folders.exits)));
  const limits = new LimitMonitor(runtime, supervisor, traffic.pressure);
  closers.push(() => limits.stop());
  const crashes = new CrashReports({
    dataDir: paths.dataDir,
    clock: systemClock,
    logs,
    instancesOf: (ref) => supervisor.instancesOf(ref),
    usageOf: (instance) => limits.latestOf(instance),
    onTrouble: (message) => options.say("warn", message),
  });

  const { promise: stopped, resolve: resolveStopped } = Promise.withResolvers<void>();
  const kernel = new Kernel({
    clock: systemClock,
    clockWatch: new ClockWatch(systemClock),
    paths,
    tenants: options.tenants,
    quotas: new TenantQuotas(() => kernel, options.maxServices),
    version: options.version,
    database,
    events,
    audit,
    crashes,
    lastEnd,
    logs,
    metrics,
    tracing: telemetry.tracing,
    routes,
    supervisor,
    sandboxes,
    recorders,
    serviceUses,
    secrets,
    states,
    checkpoints,
    capabilities,
    discovery,
    tokens,
    steps,
    traffic,
    limits,
    fifos: folders.fifos,
    guarded: () => (guardian === null ? null : guardian.present()),
    logProblem: () => problem,
    doors: options.doors,
    shutdown: async (self, request) => {
      try {
        return await stopServices(self, request);
      } finally {
        resolveStopped();
      }
    },
  });
  const access = openAccess(kernel, options.say);
  const evolutions = new Evolutions(() => kernel);
  const isTakeover = options.purpose === "takeover";
  if (!isTakeover) {
    const hasInstances = database.instances.list().some(({ pid }) => pid !== null);
    closers.push(await openIngress(options, routes, hasInstances, telemetry.tracing.requests));
  }
  beginRun(database.meta, systemClock);
  const started = { pid: process.pid, version: options.version.version, ...lastEndFacts(lastEnd) };
  kernel.emit({ tenant: "default", event: "kernel_started", subject: "kernel", data: started });
  await finishRemovals(kernel);
  finishRestores(kernel);
  restore(kernel, { start: !isTakeover });
  renewSecrets(kernel);
  letGoOn(kernel);
  if (!isTakeover) {
    evolutions.resume();
    checkpoints.start();
  }
  guardian?.keep([...supervisor.all()].flatMap((instance) => instance.fifos()));
  const onGrpcCall: RunningKernel["onGrpcCall"] = (method, code, tookMs) =>
    metrics.observe("solo_grpc_request_duration_seconds", { method, code }, tookMs / 1_000);
  return { api: access.apiFor({ kind: "owner", request_id: "in-process" }), access, onGrpcCall, stopped, close };
}

/** How long a kernel that was killed may take to be gone whole. */
const deadKernelMs = 10_000;

function alreadyRunning(paths: Paths): never {
  throw new SoloError("locked", `another kernel runs on ${paths.dataDir}`, {
    hint: "`solo status` talks to it, `solo stop` ends it; another --data-dir makes room for a second one",
    details: { lock: paths.lock },
  });
}

function parentPid(): number {
  return readStat(process.pid)?.ppid ?? process.ppid;
}
