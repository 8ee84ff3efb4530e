import { type ServiceSpec, stateSchema } from "../api/index.ts";
import type { StateSettings } from "../state/index.ts";

/** What a specification says of an open state. */
export function stateSettings({ state = stateSchema.parse({}) }: Pick<ServiceSpec, "state">): StateSettings {
  const { durability, flush_ms, watch, max_bytes, max_keys } = state;
  return { durability, flush_ms, flushed_at_once: watch, quota: { max_bytes, max_keys } };
}
