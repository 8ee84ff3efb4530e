import { join } from "node:path";
import {
  type Caller,
  type CapabilityCaller,
  type OperationName,
  type ServiceCaller,
  serviceKey,
} from "../api/index.ts";
import {
  type AuditReceipt,
  type AuditSubject,
  AuditTrail,
  Deliveries,
  type DeliverySettings,
  failureOf,
} from "../observe/audit/index.ts";
import type { EventLog } from "../observe/events/index.ts";
import type { Clock } from "../system/index.ts";
import type { AuditTrail as AccessAudit, RefusedRequest } from "./access/index.ts";
import type { MetaStore } from "./database/index.ts";
import { markOf, marksFrom } from "./operations/audit.ts";

/** Where the trail's files lie in a data directory. */
export function auditPaths(dataDir: string): { folder: string; headPath: string } {
  return { folder: join(dataDir, "audit"), headPath: join(dataDir, "audit.head") };
}

export interface KernelAudit {
  readonly trail: AuditTrail;
  /** The head that kernel.db knows, as `SEQUENCE:HASH`: the trail's files put back to an earlier state would lack it. */
  readonly witness: () => string | undefined;
  /** Why some place does not get the records at present; null when all do. */
  readonly deliveryProblem: () => string | null;
  close(): Promise<void>;
}

/** What the configuration says about the trail. */
export interface AuditOptions extends DeliverySettings {
  /** What it may take on disk. */
  readonly bytes: number;
}

type AuditState = "damaged" | "failing" | "well" | "delivery_failing" | "delivery_well";

interface KernelAuditOptions {
  readonly dataDir: string;
  readonly settings: AuditOptions;
  readonly clock: Clock;
  readonly meta: MetaStore;
  readonly events: EventLog;
  /** A line for the kernel's own log. */
  readonly say: (level: "info" | "error", message: string) => void;
}

/** The trail of a kernel. Its files are opened behind the start's back: the first record waits for them. */
export function openAudit({ dataDir, settings, clock, meta, events, say }: KernelAuditOptions): KernelAudit {
  const onState = (state: AuditState, message: string) => {
    say(state.endsWith("well") ? "info" : "error", message);
    events.emit({ tenant: "default", event: `audit_${state}`, subject: "kernel", data: { message } });
  };
  const witness = () => meta.get(witnessKey);
  const { folder, headPath } = auditPaths(dataDir);
  const trail = new AuditTrail({
    folder,
    headPath,
    bytes: settings.bytes,
    clock,
    witness: marksFrom(witness())[0],
    onState,
  });
  // What is wrong is told to the first operation that is to be recorded.
  trail.open().catch((error: unknown) => onState("failing", error instanceof Error ? error.message : String(error)));
  const deliveries = new Deliveries(settings, folder, {
    trail,
    random: Math.random,
    onState: ({ name, place }, problem) => {
      if (problem === null) onState("delivery_well", `${name} ${place} takes audit records again`);
      else onState("delivery_failing", `${name} ${place} takes no audit records: ${problem}`);
    },
  });
  return {
    trail,
    witness,
    deliveryProblem: () => deliveries.problem,
    async close() {
      await deliveries.close();
      await trail.close();
      const { head } = trail;
      if (head !== undefined) meta.set(witnessKey, markOf(head));
    },
  };
}

/** In kernel.db: the head as a kernel that stopped knew it. */
export const witnessKey = "audit_head";

/** What ends or removes something: it must work on a full disk too, so it may use the trail's reserve. */
const essential: ReadonlySet<OperationName> = new Set<OperationName>([
  "kill",
  "remove",
  "shutdown",
  "checkpointDelete",
  "checkpointPrune",
  "stateDelete",
  "secretDelete",
  "capabilityRevoke",
]);

/** The trail as the access layer writes it. */
export function accessAudit(trail: AuditTrail): AccessAudit {
  return {
    begin: async (request) => {
      const receipt = await trail.begin(subjectOf(request), essential.has(request.operation)).catch((error) => {
        // Nobody but the owner may end the kernel, who could also kill it: one that can't be stopped helps nobody.
        if (request.operation === "shutdown") return unrecorded;
        throw error;
      });
      return {
        end: (error) => receipt.end(error === null ? { outcome: "done", code: null, reason: null } : failureOf(error)),
      };
    },
    refused: (request, { code, message }) => {
      // Whoever reaches for another tenant is its own tenant's affair: the other one learns nothing of it.
      const tenant = isStranger(request) ? request.caller.capability.tenant : request.tenant;
      if (trail.countRefusal({ actor: actorOf(request.caller), tenant, operation: request.operation }, code)) return;
      trail.refuse({ ...subjectOf(request), tenant }, { code, reason: message });
    },
  };
}

/** Whether a caller knows of no tenant but its own, and asked for another, or for the kernel itself. */
function isStranger(request: RefusedRequest): request is RefusedRequest & { caller: CapabilityCaller | ServiceCaller } {
  const { caller, tenant } = request;
  if (caller.kind !== "capability" && caller.kind !== "service") return false;
  return caller.capability.resource !== "*" && caller.capability.tenant !== tenant;
}

const unrecorded: Pick<AuditReceipt, "end"> = { end: async () => {} };

function subjectOf(request: RefusedRequest): AuditSubject {
  const { caller, operation, tenant, input } = request;
  return {
    actor: actorOf(caller),
    tenant,
    capability: caller.kind === "capability" || caller.kind === "service" ? caller.capability.id : null,
    request_id: caller.request_id,
    operation,
    subject: [placeOf(request), ...partOf(input)].join("/"),
    cause: caller.kind === "service" ? `instance ${caller.instance}` : null,
  };
}

function actorOf(caller: Caller): string {
  if (caller.kind === "capability") return `capability:${caller.capability.id}`;
  if (caller.kind === "service") return `service:${serviceKey(caller)}`;
  return caller.kind;
}

function placeOf({ tenant, names }: RefusedRequest): string {
  if (tenant === null) return "kernel";
  return names.length === 0 ? tenant : names.map((name) => serviceKey({ tenant, name })).join(",");
}

/** The only members of inputs that are kept: names of things. Values, and whatever is new, are not. */
const named = ["key", "id", "secret", "method", "signal"] as const;

function partOf(input: unknown): string[] {
  const members = new Map(Object.entries(typeof input === "object" && input !== null ? input : {}));
  return named.flatMap((name) => {
    const value = members.get(name);
    return typeof value === "string" ? [value] : [];
  });
}
