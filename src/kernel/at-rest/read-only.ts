import { join } from "node:path";
import {
  auditAllRequestSchema,
  auditRequestSchema,
  auditVerifyRequestSchema,
  checkpointRequestSchema,
  checkpointsRequestSchema,
  crashesRequestSchema,
  type DiscoveredList,
  deployRequestSchema,
  discoverRequestSchema,
  eventsRequestSchema,
  listRequestSchema,
  logsRequestSchema,
  type ReadApi,
  registryListRequestSchema,
  type ServiceRef,
  type ServiceRow,
  type SoloApi,
  SoloError,
  secretListRequestSchema,
  statusRequestSchema,
  whyRequestSchema,
} from "../../api/index.ts";
import type { Paths } from "../../config/index.ts";
import { auditAtRest, type TrailAtRest } from "../../observe/audit/index.ts";
import { EventLog } from "../../observe/events/index.ts";
import { LogStore } from "../../observe/logs/index.ts";
import { explain, explainService } from "../../observe/why/index.ts";
import { checkSandbox } from "../../security/sandbox/index.ts";
import { refuseMissing } from "../../security/secrets/index.ts";
import { checkpointFolder, ServiceCheckpoints } from "../../state/index.ts";
import { workingFolder } from "../../supervise/index.ts";
import { bootId, isSameProcess, Poller, readMemory, systemClock } from "../../system/index.ts";
import { accept } from "../api/accept.ts";
import { exportLines } from "../api/audit.ts";
import { lazily } from "../api/lazily.ts";
import { auditPaths, witnessKey } from "../audit.ts";
import { crashStore } from "../crashes.ts";
import {
  type KernelDatabase,
  openDatabaseReadOnly,
  type ServiceRecord,
  type StoredInstance,
} from "../database/index.ts";
import { logsOf } from "../instance-logs.ts";
import { serviceNotFound } from "../not-found.ts";
import { auditRecords, auditVerification, marksFrom, trailRequest } from "../operations/audit.ts";
import { checkpointList } from "../operations/checkpoint/documents.ts";
import { showCheckpoint, verifyCheckpoint } from "../operations/checkpoint/read.ts";
import { shownSecret } from "../operations/secrets.ts";
import { planDeploy } from "../plan.ts";
import { hostOf } from "../routes.ts";
import { sandboxPlace } from "../sandbox-place.ts";
import { checkSecrets, secretsAtRest } from "../secrets.ts";
import { restingInstance, restingState } from "./instance.ts";
import { type RestingQuery, registryAtRest } from "./registry.ts";
import { StatesAtRest } from "./states.ts";

/** How many events `status` shows. */
const recentEvents = 10;

/**
 * Answers reads from the files of a data directory, without starting anything and without changing a byte: what was desired
 * last, and which of its processes still run.
 */
export function openReadOnly(
  paths: Paths,
  ingressPort: number,
  backupFolder: string | null,
): ReadApi & { close(): void } {
  const database = openDatabaseReadOnly(paths.database);
  return new Reader(database, paths, ingressPort, backupFolder);
}

class Reader implements ReadApi {
  readonly #database: KernelDatabase | undefined;
  readonly #paths: Paths;
  readonly #ingressPort: number;
  readonly #backupFolder: string | null;
  #poller: Poller | undefined;
  #logs: LogStore | undefined;

  constructor(database: KernelDatabase | undefined, paths: Paths, ingressPort: number, backupFolder: string | null) {
    this.#database = database;
    this.#paths = paths;
    this.#ingressPort = ingressPort;
    this.#backupFolder = backupFolder;
  }

  list: SoloApi["list"] = async (input) => {
    const { tenant } = accept(listRequestSchema, input);
    return { services: (this.#database?.services.list(tenant) ?? []).map((record) => this.#row(record)) };
  };

  status: SoloApi["status"] = async (input) => {
    const record = this.#get(accept(statusRequestSchema, input));
    const row = this.#row(record);
    const instances = this.#instances(record.ref);
    const { tenant, name } = record.ref;
    return {
      ...row,
      created: new Date(record.created).toISOString(),
      updated: new Date(record.updated).toISOString(),
      instances: instances.map(restingInstance),
      health: { status: "unknown", probes: [] },
      limits: { log_bytes: this.#database?.revisions.get(record.ref, record.revision)?.spec.log_bytes ?? 0 },
      budget: null,
      mailbox: null,
      breakers: [],
      recent_events: this.#events()?.recent(tenant, name, recentEvents) ?? [],
      last_exit: null,
    };
  };

  stateGet: SoloApi["stateGet"] = (input) => this.#states().stateGet(input);
  stateScan: SoloApi["stateScan"] = (input) => this.#states().stateScan(input);
  stateWatch: SoloApi["stateWatch"] = (input) => this.#states().stateWatch(input);
  effects: SoloApi["effects"] = (input) => this.#states().effects(input);
  budget: SoloApi["budget"] = (input) => this.#states().budget(input);

  logs: SoloApi["logs"] = (input, signal) =>
    lazily(() => {
      const request = accept(logsRequestSchema, input);
      this.#get(request);
      this.#poller ??= new Poller();
      this.#logs ??= new LogStore({ directory: this.#paths.logs, poller: this.#poller, onProblem: () => undefined });
      const logs = this.#logs;
      return logsOf((query, end) => logs.read(query, end), request, [], signal);
    });

  events: SoloApi["events"] = (input, signal) =>
    lazily(() => {
      const request = accept(eventsRequestSchema, input);
      return this.#events()?.read(request, signal) ?? none();
    });

  why: SoloApi["why"] = async (input) => {
    const { ref } = this.#get(accept(whyRequestSchema, input));
    const events = this.#events();
    return events === undefined ? explain(ref, [], () => undefined) : explainService(events, ref);
  };

  secretList: SoloApi["secretList"] = async (input) => {
    const { tenant } = accept(secretListRequestSchema, input);
    const specs = (this.#database?.services.list(tenant) ?? []).flatMap(({ ref, revision, desired }) => {
      const spec = this.#database?.revisions.get(ref, revision)?.spec;
      return spec === undefined || desired === "stopped" ? [] : [{ name: ref.name, spec }];
    });
    return { secrets: secretsAtRest(this.#paths, tenant).map((record) => shownSecret(record, specs)) };
  };

  registryList: SoloApi["registryList"] = async (input) => {
    const { tenant, service_name } = accept(registryListRequestSchema, input);
    return this.#registry({ tenant, now: systemClock.now(), serviceName: service_name });
  };

  registryDiscover: SoloApi["registryDiscover"] = async (input) => {
    const { tenant, service_name, filters } = accept(discoverRequestSchema, input);
    return this.#registry({ tenant, now: systemClock.now(), serviceName: service_name, filters });
  };

  crashes: SoloApi["crashes"] = async (input) => ({
    crashes: crashStore(this.#paths.dataDir).list(this.#get(accept(crashesRequestSchema, input)).ref),
  });

  audit: SoloApi["audit"] = (input) =>
    lazily(() => {
      const request = accept(auditRequestSchema, input);
      return auditRecords(this.#audit().read(trailRequest(request, request.tenant)));
    });

  auditAll: SoloApi["auditAll"] = (input) =>
    lazily(() => auditRecords(this.#audit().read(trailRequest(accept(auditAllRequestSchema, input)))));

  auditExport: SoloApi["auditExport"] = () => exportLines(this.#audit().export());

  auditVerify: SoloApi["auditVerify"] = async (input) => {
    const { head } = accept(auditVerifyRequestSchema, input);
    const marks = [...marksFrom(head), ...marksFrom(this.#database?.meta.get(witnessKey))];
    const check = await this.#audit().verify(marks);
    return auditVerification(check, check.head);
  };

  checkpoints: SoloApi["checkpoints"] = async (input) =>
    checkpointList(this.#checkpoints(accept(checkpointsRequestSchema, input)).catalog);

  checkpointShow: SoloApi["checkpointShow"] = async (input) => {
    const request = accept(checkpointRequestSchema, input);
    return showCheckpoint(this.#checkpoints(request), request);
  };

  checkpointVerify: SoloApi["checkpointVerify"] = async (input) => {
    const request = accept(checkpointRequestSchema, input);
    return verifyCheckpoint(this.#checkpoints(request), request, request.id);
  };

  health: SoloApi["health"] = async () => {
    throw noKernel(this.#paths);
  };

  deploy: SoloApi["deploy"] = (input) =>
    lazily(() => {
      const request = accept(deployRequestSchema, input);
      if (!request.dry_run) throw noKernel(this.#paths);
      checkSecrets(request, (ref, wanted) => {
        const names = secretsAtRest(this.#paths, ref.tenant).map(({ name }) => name);
        refuseMissing(ref, wanted, (secret) => names.includes(secret));
      });
      return planDeploy(request, {
        checked: (name, spec) => checkSandbox(name, spec, workingFolder(spec), sandboxPlace(this.#paths)),
        database: this.#database,
        ingressPort: this.#ingressPort,
        instancesOf: (ref) => this.#instances(ref),
        stateOf: restingState,
        rowOf: (record) => this.#row(record),
      });
    });

  hasProcesses = (): boolean =>
    (this.#database?.services.list() ?? []).some(({ ref }) => this.#instances(ref).length > 0);

  close(): void {
    this.#logs?.close();
    this.#poller?.close();
    this.#database?.close();
  }

  #registry(query: RestingQuery): DiscoveredList {
    return this.#database === undefined ? { services: [], total: 0 } : registryAtRest(this.#database, query);
  }

  #audit(): TrailAtRest {
    const { folder, headPath } = auditPaths(this.#paths.dataDir);
    return auditAtRest(folder, headPath);
  }

  #events(): EventLog | undefined {
    return this.#database && new EventLog(this.#database.handle, systemClock);
  }

  #states(): StatesAtRest {
    return new StatesAtRest({
      folder: this.#paths.state,
      find: (asked) => {
        const { ref, revision } = this.#get(asked);
        return { ref, spec: this.#database?.revisions.get(ref, revision)?.spec };
      },
      isRunning: (ref, instance, pid) => this.#instances(ref).some((one) => one.id === instance && one.pid === pid),
    });
  }

  #checkpoints(asked: ServiceRef): ServiceCheckpoints {
    const { ref } = this.#get(asked);
    return new ServiceCheckpoints({
      ref,
      folder: checkpointFolder(join(this.#paths.state, ref.tenant, ref.name)),
      backupFolder: this.#backupFolder === null ? undefined : join(this.#backupFolder, ref.tenant, ref.name),
      clock: systemClock,
      // Told in the answer; no kernel runs that would keep it.
      onTrouble: () => undefined,
    });
  }

  #get(ref: ServiceRef): ServiceRecord {
    const record = this.#database?.services.get(ref);
    if (record !== undefined) return record;
    throw serviceNotFound(
      ref,
      (this.#database?.services.list(ref.tenant) ?? []).map(({ ref: { name } }) => name),
    );
  }

  /** Instances whose process still is there. */
  #instances(ref: ServiceRef): StoredInstance[] {
    const boot = bootId();
    return (this.#database?.instances.list(ref) ?? []).filter(
      ({ pid, startTime, bootId: recorded }) =>
        pid !== null && startTime !== null && recorded === boot && isSameProcess({ pid, startTime }),
    );
  }

  #row(record: ServiceRecord): ServiceRow {
    const { ref, revision, replicas, desired } = record;
    const instances = this.#instances(ref);
    const ready = instances.filter((instance) => ["ready", "degraded"].includes(restingState(instance))).length;
    const serves = instances.some((instance) => instance.serves);
    const spec = this.#database?.revisions.get(ref, revision)?.spec;
    return {
      service: ref.name,
      tenant: ref.tenant,
      revision,
      kind: spec?.kind ?? "source",
      state: rowState(desired, ready, replicas, instances),
      replicas,
      ready,
      restarts: instances.reduce((sum, { restarts }) => sum + restarts, 0),
      uptime_ms: Math.max(0, ...instances.map(({ started }) => Date.now() - started)),
      rss_bytes: instances.reduce((sum, { pid }) => sum + (pid === null ? 0 : (readMemory(pid)?.rssBytes ?? 0)), 0),
      cpu_percent: 0,
      url: serves ? `http://${hostOf(ref)}:${this.#ingressPort}/` : null,
      sandbox: spec?.sandbox.mode ?? "enforce",
    };
  }
}

function noKernel({ dataDir }: Paths): SoloError {
  return new SoloError("unreachable", `no kernel runs on ${dataDir}`, {
    hint: "`solo start` starts one; `solo deploy` does so by itself",
  });
}

function rowState(
  desired: ServiceRecord["desired"],
  ready: number,
  replicas: number,
  instances: readonly StoredInstance[],
): ServiceRow["state"] {
  if (ready > 0) return ready < replicas ? "degraded" : "ready";
  const [first] = instances;
  if (first !== undefined) return restingState(first);
  return desired === "running" ? "stopped" : desired;
}

async function* none(): AsyncGenerator<never> {}
