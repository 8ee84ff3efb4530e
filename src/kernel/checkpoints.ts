import { createHash } from "node:crypto";
import { type ServiceRef, type ServiceSpec, SoloError, serviceKey, stateSchema } from "../api/index.ts";
import {
  Checkpoints,
  type CheckpointsOptions,
  type CheckpointTrouble,
  type External,
  finishSwaps,
  type Subject,
} from "../state/index.ts";
import type { Kernel } from "./kernel.ts";
import type { Revision } from "./service.ts";

export interface CheckpointPlace
  extends Pick<CheckpointsOptions, "states" | "clock" | "backupFolder" | "keep_count" | "keep_bytes"> {
  /** A line for the kernel's own log. */
  readonly say: (level: "warn" | "error", message: string) => void;
  readonly kernel: () => Kernel;
}

/** The checkpoints of a kernel's services: every one that is made, deleted or found damaged is an event. */
export function openCheckpoints({ kernel, say, ...place }: CheckpointPlace): Checkpoints {
  const emit = ({ tenant, name }: ServiceRef, event: string, data: Readonly<Record<string, unknown>>) =>
    void kernel().emit({ tenant, event, subject: serviceKey({ tenant, name }), data });
  return new Checkpoints({
    ...place,
    settingsOf: (ref) => stateOf(kernel().find(ref)?.revision.spec),
    subjectOf: (ref) => subjectOf(kernel().find(ref)?.revision),
    externalOf: (ref) => externalOf(kernel(), ref),
    externals: () =>
      kernel()
        .services()
        .filter(({ ref, desired }) => desired === "running" && externalOf(kernel(), ref) !== undefined)
        .map(({ ref }) => ref),
    observer: {
      made: (ref, { id, position, bytes, stored_bytes, reason }) =>
        emit(ref, "checkpoint_created", { id, position, bytes, stored_bytes, reason }),
      deleted: (ref, infos) => emit(ref, "checkpoint_deleted", { ids: infos.map(({ id }) => id) }),
      trouble: (ref, trouble) => {
        const told = describe(trouble);
        say("warn", `${serviceKey(ref)}: ${told.message}`);
        emit(ref, told.event, told.data);
      },
      failed: (ref, reason, { code, message }) => {
        say("error", `${serviceKey(ref)}: a checkpoint (${reason}) was not made: ${message}`);
        emit(ref, "checkpoint_failed", { reason, code, message });
      },
    },
  });
}

/** What a service of mode `external` keeps itself, and how to keep its processes from changing it. */
export function externalOf(kernel: Kernel, ref: ServiceRef): External | undefined {
  const { mode, folders } = stateOf(kernel.find(ref)?.revision.spec);
  if (mode !== "external" || folders.length === 0) return undefined;
  return {
    folders,
    pause: () => pause(kernel, ref),
  };
}

/** Ends what a former kernel had begun with the folders of services: before any of them is started. */
export function finishRestores(kernel: Kernel): void {
  const { database, states } = kernel.parts;
  for (const { ref } of database.services.list()) finishSwaps(states.folderOf(ref));
}

/** A former kernel may have died while processes stood still for it. */
export function letGoOn(kernel: Kernel): void {
  for (const { ref } of kernel.services()) if (externalOf(kernel, ref) !== undefined) goOn(kernel, ref);
}

async function pause(kernel: Kernel, ref: ServiceRef): Promise<() => void> {
  const pausing = kernel.supervisor.instancesOf(ref).map(({ process }) => process?.pause());
  const moving = (await Promise.all(pausing)).flatMap((pids) => pids ?? []);
  if (moving.length === 0) return () => goOn(kernel, ref);
  goOn(kernel, ref);
  throw new SoloError(
    "failed",
    `${ref.name}: processes ${moving.join(", ")} can't be stopped while its files are captured`,
    {
      hint: "they hang in the operating system: `ps -o pid,stat,wchan -p PID` shows what holds them",
      details: { pids: moving },
    },
  );
}

function goOn(kernel: Kernel, ref: ServiceRef): void {
  for (const { process } of kernel.supervisor.instancesOf(ref)) process?.goOn();
}

/** What a checkpoint says of a revision. */
export function subjectOf(revision: Pick<Revision, "id" | "spec"> | undefined): Subject {
  if (revision === undefined) return { revision: null, spec_sha256: null };
  const { id, spec } = revision;
  return { revision: id, spec_sha256: createHash("sha256").update(JSON.stringify(spec)).digest("hex") };
}

/** In words, for events, the kernel's log and the terminal. */
export function describe(trouble: CheckpointTrouble): {
  event: string;
  message: string;
  data: Record<string, unknown>;
} {
  if (trouble.type === "no_second_copy") {
    const { id, problem } = trouble;
    const message = `checkpoint ${id} has no second copy: ${problem.message}`;
    return { event: "checkpoint_not_copied", message, data: { id, reason: problem.message } };
  }
  const { id, kind, path, problem } = trouble.copy;
  const message = `the ${kind} copy of checkpoint ${id} can't be used: ${problem.message}`;
  return { event: "checkpoint_damaged", message, data: { id, copy: kind, path, reason: problem.message } };
}

function stateOf(spec: Pick<ServiceSpec, "state"> | undefined): ReturnType<typeof stateSchema.parse> {
  return spec?.state ?? stateSchema.parse({});
}
