import { type ServiceRef, type ServiceSpec, SoloError, stateSchema } from "../api/index.ts";
import type { MigrationParts, StateSettings } from "../state/index.ts";
import type { Kernel } from "./kernel.ts";

/** What a specification says of an open state. */
export function stateSettings({ state = stateSchema.parse({}) }: Pick<ServiceSpec, "state">): StateSettings {
  const { durability, flush_ms, watch, max_bytes, max_keys } = state;
  return { durability, flush_ms, flushed_at_once: watch, quota: { max_bytes, max_keys } };
}

/** Why a service has no keys and values; undefined when it has. */
export function otherMode(name: string, { state }: Pick<ServiceSpec, "state">): SoloError | undefined {
  if (state === undefined || state.mode === "hybrid") return undefined;
  return new SoloError("conflict", `${name} has no keys and values: its state is ${state.mode}`, {
    hint: 'say `mode = "hybrid"` in its [state] in solo.toml, and deploy it again',
  });
}

/** What an instance runs; during a deployment that is not yet what its service has. */
export function specOf(kernel: Kernel, ref: ServiceRef, id?: string): Pick<ServiceSpec, "state"> {
  const instances = kernel.supervisor.instancesOf(ref);
  const found = instances.find((one) => one.id === id)?.plan.spec ?? kernel.find(ref)?.revision.spec;
  return found ?? instances[0]?.plan.spec ?? {};
}

/** What decides who migrates a service's state. */
export function migrationParts(kernel: () => Kernel): MigrationParts {
  return {
    declared: (ref, id) => (specOf(kernel(), ref, id).state ?? stateSchema.parse({})).version,
    isAlive: (ref, id) =>
      kernel()
        .supervisor.instancesOf(ref)
        .some((one) => one.id === id && one.pid !== null),
  };
}
